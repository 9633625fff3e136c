/** A bucket of derived entries. Values are plain data; each has the log position (`seq`) of its commit. */
export interface ViewStore {
  /**
   * Writes an entry unless a newer one (greater `seq`) is stored. Writes of one key stay in order; different keys are written in
   * parallel. Resolves when it is stored or found newer. Throws Fault LOG_UNREACHABLE when the store does not answer.
   */
  put(key: string, value: ViewEntry): Promise<void>;
  /** Removes an entry unless a newer one (greater than `seq`) is stored. */
  remove(key: string, seq: number): Promise<void>;
  get(key: string): Promise<ViewEntry | undefined>;
  /** All entries whose key matches (`*` one token, `>` the rest), then `ready`, then every change, until closed. */
  watch(pattern: string, watcher: ViewWatcher): Promise<ViewWatch>;
  /**
   * Every change after a position in the order of revisions, until closed; without a position, all. It stores no keys, so
   * its memory does not grow with the bucket. Throws Fault LOG_UNREACHABLE when the store does not answer.
   */
  follow(after: BucketPosition | undefined, follower: ViewFollower): Promise<ViewFollowing>;
}

/** Whether a key is an entry's. Keys that begin with `_` belong to the bucket itself (positions): readers of entries skip them. */
export const isEntryKey = (key: string): boolean => !key.startsWith("_");

/** The position up to which a follower has every change of a bucket. */
export interface BucketPosition {
  /** Changes when the bucket is deleted and created again. */
  readonly bucketId: string;
  /** The store's count of writes to the bucket. */
  readonly revision: number;
}

/** Receives the changes of a bucket. */
export interface ViewFollower {
  /**
   * Delivery starts from the beginning: no position was given, the bucket is not the one of the position, or
   * `beginAgain` was called. A key that is not delivered before the next `caughtUp` is not in the bucket.
   */
  begins(bucketId: string): void;
  /** `value` is undefined for a removal. A change may be delivered twice; within one bucket never an older value after a newer one. */
  changed(key: string, value: ViewEntry | undefined, revision: number): void;
  /** Everything that was stored when following began, or resumed after a disconnect, has been delivered. */
  caughtUp(): void;
  /** Called before the next read: a promise pauses reading until it resolves. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** An open subscription to changes; closing it twice is harmless. */
export interface ViewFollowing extends ViewWatch {
  /**
   * The most entries that the bucket may have, by its leader: removal markers count until they expire. A follower with more entries has
   * missed removals whose markers have expired. Throws Fault LOG_UNREACHABLE.
   */
  size(): Promise<number>;
  /** Delivers everything again from the beginning. */
  beginAgain(): void;
}

/** An open watch; closing it twice is harmless. */
export interface ViewWatch {
  /**
   * Resolves once every change that the bucket's leader had stored at the time of the call has been delivered to the watcher. Reads
   * only: nothing is written to the bucket. Throws Fault LOG_UNREACHABLE when the store does not answer or the watch is closed.
   */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** The value of a key in a bucket. */
export interface ViewEntry {
  readonly seq: number;
  readonly [field: string]: unknown;
}

/** Metadata of a change. */
export interface ViewChange {
  /** Part of the first delivery after the watch began or reconnected: it may be of any age. */
  readonly isInitial: boolean;
  /**
   * The key has no entry and no removal marker: the bucket may have been deleted, or the
   * marker has expired. Always false with a value.
   */
  readonly isAbsent: boolean;
  /** When the store wrote the entry or its removal marker, milliseconds since the epoch by the store's clock; 0 for an absent one. */
  readonly storedAt: number;
}

/** Receives the changes of a bucket. */
export interface ViewWatcher {
  /**
   * `value` is undefined when the entry was removed, or is absent. A change may be delivered twice; never an older value after a
   * newer. An entry that was removed before the watch began is not delivered.
   */
  changed(key: string, value: ViewEntry | undefined, change: ViewChange): void;
  /** Every entry that existed when the watch began has been delivered. Also called after a reconnect that had to begin again. */
  ready(): void;
}
