import { boundedMap } from "../codec/bounded-map.ts";

/** The revision and log position that a key was last seen with. */
export interface LastSeen {
  readonly revision: number;
  readonly seq: number;
}

/** A bounded memory of the keys seen lately: it saves a look, and may forget. */
export interface Remembered {
  get(key: string): LastSeen | undefined;
  set(key: string, seen: LastSeen): void;
}

// The keys that some minutes of work touch, in about ten megabytes.
const keysMax = 50_000;

/** Forgets the key that was not set for the longest time once there are more than `max`. */
export function createRemembered(max = keysMax): Remembered {
  const byKey = boundedMap<LastSeen>(max);
  return { get: byKey.get, set: (key, { revision, seq }) => byKey.set(key, { revision, seq }) };
}
