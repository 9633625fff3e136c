/** The last known revision and log position of a key. */
export interface LastSeen {
  readonly revision: number;
  readonly seq: number;
}

/** A bounded cache of the last known revisions: it saves a read, and may evict. */
export interface RevisionCache {
  get(key: string): LastSeen | undefined;
  set(key: string, seen: LastSeen): void;
}

// The keys of a few minutes of work, in about ten megabytes.
const keysMax = 50_000;

/** Creates a cache of `max` keys that evicts the least recently set one. */
export function createRevisionCache(max = keysMax): RevisionCache {
  const byKey = new Map<string, LastSeen>();
  return {
    get: (key) => byKey.get(key),
    set(key, { revision, seq }) {
      // A map keeps the order of first insertion: deleting the key first makes it the most recent one.
      byKey.delete(key);
      byKey.set(key, { revision, seq });
      const [oldest] = byKey.size > max ? byKey.keys() : [];
      if (oldest !== undefined) byKey.delete(oldest);
    },
  };
}
