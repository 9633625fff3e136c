/** A first-in, first-out queue with a limit. */
export interface PieceQueue<T> {
  /** False when the queue is full: the piece is not added. */
  put(piece: T): boolean;
  /** The oldest piece, which leaves the queue; undefined when it is empty. */
  take(): T | undefined;
}

// Below this number of removed pieces their memory is not worth a copy.
const compactAbove = 1_024;

/**
 * An empty queue of at most `max` pieces. `Array.shift` moves all that follow: 100,000 pieces took seconds, and block
 * the event loop for that time.
 */
export function createPieceQueue<T>(max: number): PieceQueue<T> {
  let pieces: T[] = [];
  let head = 0;
  return {
    put(piece) {
      if (pieces.length - head >= max) return false;
      pieces.push(piece);
      return true;
    },
    take() {
      const piece = pieces[head];
      if (piece === undefined) return undefined;
      head += 1;
      if (head === pieces.length || (head >= compactAbove && head * 2 >= pieces.length)) {
        pieces = pieces.slice(head);
        head = 0;
      }
      return piece;
    },
  };
}
