/** How far the work of a shard has been carried, so that a new owner begins there. Doing some of it again is harmless. */
export interface Checkpoint {
  /** Every commit up to here has been projected into the views. */
  readonly eventsSeq: number;
  /** Every report up to here has been decided on. */
  readonly reportsSeq: number;
}

/** Where owners write down how far they have come. Throws Fault LOG_UNREACHABLE when the store does not answer. */
export interface Checkpoints {
  /** Zeroes when there is none. */
  load(shard: number): Promise<Checkpoint>;
  /** Keeps it unless a later one is there. */
  save(shard: number, checkpoint: Checkpoint): Promise<void>;
}
