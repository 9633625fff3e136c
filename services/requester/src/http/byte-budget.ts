/** A budget of bytes that many connections share. */
export interface ByteBudget {
  take(bytes: number): void;
  give(bytes: number): void;
  /** Whether the budget has no room for this number of bytes. */
  isFullWith(bytes: number): boolean;
  /** Calls back whenever there is room; the returned function cancels that. */
  onRoom(callback: () => void): () => void;
}

/** Creates a budget of this number of bytes. */
export function createByteBudget(most: number): ByteBudget {
  let taken = 0;
  const callbacks = new Set<() => void>();
  return {
    take(bytes) {
      taken += bytes;
    },
    give(bytes) {
      const wasFull = taken >= most;
      taken -= bytes;
      if (wasFull && taken < most) for (const callback of [...callbacks]) callback();
    },
    isFullWith: (bytes) => taken + bytes > most,
    onRoom(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
  };
}
