/** The revision and log position that a key was last seen with. */
export interface LastSeen {
  readonly revision: number;
  readonly seq: number;
}

/** A bounded memory of the keys seen lately: it saves a look, and may forget. */
export interface RevisionCache {
  get(key: string): LastSeen | undefined;
  set(key: string, seen: LastSeen): void;
}

// The keys that some minutes of work touch, in about ten megabytes.
const keysMax = 50_000;

/** Forgets the key that was not set for the longest time once there are more than `max`. */
export function createRevisionCache(max = keysMax): RevisionCache {
  const byKey = new Map<string, LastSeen>();
  return {
    get: (key) => byKey.get(key),
    set(key, { revision, seq }) {
      // A map keeps the order of first insertion: out and in again makes the key the youngest.
      byKey.delete(key);
      byKey.set(key, { revision, seq });
      const [oldest] = byKey.size > max ? byKey.keys() : [];
      if (oldest !== undefined) byKey.delete(oldest);
    },
  };
}
