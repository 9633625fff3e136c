/** A map that forgets: of more than `max` keys the one that was not set for the longest time. */
export interface BoundedMap<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

/** An empty one. */
export function boundedMap<V>(max: number): BoundedMap<V> {
  const byKey = new Map<string, V>();
  return {
    get: (key) => byKey.get(key),
    set(key, value) {
      // A map keeps the order of first insertion: out and in again makes the key the youngest.
      byKey.delete(key);
      byKey.set(key, value);
      if (byKey.size <= max) return;
      const oldest = byKey.keys().next();
      if (oldest.done !== true) byKey.delete(oldest.value);
    },
  };
}
