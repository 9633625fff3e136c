/** How far a shard's part of one bucket follows the log. It lives in that bucket: a bucket that is lost takes it along. */
export interface ViewPosition {
  /** The entries of every commit up to here are written. */
  readonly eventsSeq: number;
  /** Every report up to here is decided; kept in the bucket `open` alone, 0 elsewhere. */
  readonly reportsSeq: number;
  /** How many aggregates of the shard were open when it was written; kept in the bucket `open` alone. */
  readonly open?: number;
  /** A rebuild has begun and not finished: entries may be missing, and owners take it for no position. */
  readonly isRebuilding?: true;
}

/** A position with its own revision in the bucket. */
export interface StoredPosition extends ViewPosition {
  readonly revision: number;
}

/** Where owners keep their positions, under `_position.<shard>`. Throws Fault LOG_UNREACHABLE when the store does not answer. */
export interface Positions {
  /** Undefined when there is none: the shard's part of the bucket has to be rebuilt. */
  load(bucket: string, shard: number): Promise<StoredPosition | undefined>;
  /**
   * Writes strictly on the revision that the position names (0: there is none yet), and resolves with the new one. Throws Fault REVISION_CONFLICT when
   * another requester has written, or the bucket is not the same any more. After LOG_UNREACHABLE it is written or not: load it
   * before the next save.
   */
  save(bucket: string, shard: number, position: StoredPosition): Promise<number>;
}
