/** The position of a shard in one bucket. Stored in that bucket: a deleted bucket loses it too. */
export interface ViewPosition {
  /** The entries of every commit up to here are written. */
  readonly eventsSeq: number;
  /** Every report up to here is decided; used in the bucket `open` only, 0 elsewhere. */
  readonly reportsSeq: number;
  /** The number of open aggregates of the shard at the time of writing; used in the bucket `open` only. */
  readonly open?: number;
  /** A rebuild has started and not finished: entries may be missing, and owners treat it as no position. */
  readonly isRebuilding?: true;
}

/** A position with its own revision in the bucket. */
export interface StoredPosition extends ViewPosition {
  readonly revision: number;
}

/** Where owners store their positions, under `_position.<shard>`. Throws Fault LOG_UNREACHABLE when the store does not answer. */
export interface Positions {
  /** Undefined when there is none: the shard's part of the bucket has to be rebuilt. */
  load(bucket: string, shard: number): Promise<StoredPosition | undefined>;
  /**
   * Writes at the revision of the position (0: none is stored), and resolves with the new one. Throws Fault REVISION_CONFLICT when
   * another requester has written, or the bucket was created again. After LOG_UNREACHABLE the write may be stored: load
   * the position before the next save.
   */
  save(bucket: string, shard: number, position: StoredPosition): Promise<number>;
}
