import { boundedMap } from "./bounded-map.ts";

/** What this process wrote lately, by subject: what it wrote it need not read again when that comes back to it. */
export interface Written<T> {
  /** To be called before the bytes are sent: they may be told before they are acknowledged. */
  add(subject: string, bytes: Uint8Array, value: T): void;
  /** The value behind these bytes; undefined when something else was written there last, or too long ago. */
  at(subject: string, bytes: Uint8Array): T | undefined;
}

// Some hundred milliseconds of a busy process; what it wrote comes back within some tens.
const most = 1_024;

/** Forgets the oldest once there are more than `max`. */
export function createWritten<T>(max = most): Written<T> {
  const bySubject = boundedMap<{ readonly bytes: Uint8Array; readonly value: T }>(max);
  return {
    add: (subject, bytes, value) => bySubject.set(subject, { bytes, value }),
    at(subject, bytes) {
      const known = bySubject.get(subject);
      // What stands in the stream is the truth, and what was meant to stand there may never have come to.
      return known !== undefined && Buffer.compare(known.bytes, bytes) === 0 ? known.value : undefined;
    },
  };
}
