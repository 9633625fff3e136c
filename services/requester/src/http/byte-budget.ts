/** Bytes that many connections together may hold. */
export interface ByteBudget {
  take(bytes: number): void;
  give(bytes: number): void;
  /** Whether so many more would be too many. */
  isFullWith(bytes: number): boolean;
  /** Calls back whenever there is room again; the answer forgets about it. */
  onRoom(callback: () => void): () => void;
}

/** A budget of so many bytes. */
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
