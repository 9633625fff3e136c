/** How far a stream has been worked off when its pieces finish in any order. */
export interface Watermark {
  /** Work on the message at `seq` begins; the answer ends it. Sequences begin in rising order. */
  begin(seq: number): () => void;
  /** Everything up to here is done. */
  done(): number;
  /** Messages that are begun and not ended. */
  pending(): number;
}

/** Starts with everything up to `from` done. */
export function createWatermark(from: number): Watermark {
  // In order of insertion, which is rising: the first one is the lowest.
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
