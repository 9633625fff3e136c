/** What this process stored lately, by position in its stream: what it wrote it need not read again when that comes back to it. */
export interface Written<T> {
  add(seq: number, bytes: Uint8Array, value: T): void;
  /** The value behind these bytes; undefined when nothing was written there, or something else, or too long ago. */
  at(seq: number, bytes: Uint8Array): T | undefined;
}

// Two hundred milliseconds of a busy process; what it wrote comes back within some tens.
const most = 1_024;

/** Forgets the oldest once there are more than `max`. */
export function createWritten<T>(max = most): Written<T> {
  const bySeq = new Map<number, { readonly bytes: Uint8Array; readonly value: T }>();
  return {
    add(seq, bytes, value) {
      bySeq.set(seq, { bytes, value });
      if (bySeq.size <= max) return;
      const oldest = bySeq.keys().next();
      if (oldest.done !== true) bySeq.delete(oldest.value);
    },
    at(seq, bytes) {
      const known = bySeq.get(seq);
      // What stands in the stream is the truth; a stream that was made anew counts from the beginning.
      return known !== undefined && Buffer.compare(known.bytes, bytes) === 0 ? known.value : undefined;
    },
  };
}
