/** The position up to which a stream is processed when its messages finish in any order. */
export interface Watermark {
  /** Work on the message at `seq` begins; the returned function ends it. Sequences begin in rising order. */
  begin(seq: number): () => void;
  /** Everything up to here is done. */
  done(): number;
  /** The number of messages in progress. */
  pending(): number;
}

/** Starts with everything up to `from` done. */
export function createWatermark(from: number): Watermark {
  // In insertion order, which is rising: the first one is the lowest.
  const open = new Set<number>();
  let highest = from;
  return {
    begin(seq) {
      open.add(seq);
      highest = Math.max(highest, seq);
      return () => open.delete(seq);
    },
    done() {
      const [lowest] = open;
      return lowest === undefined ? highest : Math.min(highest, lowest - 1);
    },
    pending: () => open.size,
  };
}
