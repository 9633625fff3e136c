/** A bucket of derived entries. Values are plain data; every one carries the log position (`seq`) that made it. */
export interface ViewStore {
  /**
   * Writes an entry unless a newer one (greater `seq`) is there already. Writes of one key are kept in order; many keys go in
   * parallel. Resolves when it is stored or found newer. Throws Fault LOG_UNREACHABLE when the store does not answer.
   */
  put(key: string, value: ViewEntry): Promise<void>;
  /** Removes an entry unless a newer one (greater than `seq`) is there. */
  remove(key: string, seq: number): Promise<void>;
  get(key: string): Promise<ViewEntry | undefined>;
  /** All entries whose key matches (`*` one token, `>` the rest), then `ready`, then every change as it happens, until closed. */
  watch(pattern: string, watcher: ViewWatcher): Promise<ViewWatch>;
  /**
   * Every change behind a position in the order of revisions, until closed; without a position everything. It remembers no key, so
   * its memory does not grow with the bucket. Throws Fault LOG_UNREACHABLE when the store does not answer.
   */
  follow(after: BucketPosition | undefined, follower: ViewFollower): Promise<ViewFollowing>;
}

/** Whether a key is an entry's. Keys that begin with `_` belong to the bucket itself (positions): no reader of entries is given them. */
export const isEntryKey = (key: string): boolean => !key.startsWith("_");

/** Up to where a follower has every change of a bucket. */
export interface BucketPosition {
  /** Another one once the bucket was deleted and created again. */
  readonly bucketId: string;
  /** The store's own count of writes to the bucket. */
  readonly revision: number;
}

/** Receives the changes of a bucket. */
export interface ViewFollower {
  /**
   * Everything is delivered from the beginning: there was no position, the bucket is not the one that the position names, or
   * `beginAgain` was called. What is not delivered before the next `caughtUp` is not in the bucket.
   */
  begins(bucketId: string): void;
  /** `value` is undefined for a removal. The same change may come twice; within one bucket never an older value after a newer one. */
  changed(key: string, value: ViewEntry | undefined, revision: number): void;
  /** Everything that was stored when the following began, or went on after a break, has been delivered. */
  caughtUp(): void;
  /** Asked before more is read: a promise while the follower has enough to do. It must not reject. */
  room?(): Promise<void> | undefined;
}

/** An open following; closing it twice is harmless. */
export interface ViewFollowing extends ViewWatch {
  /**
   * How many entries the bucket has at most, by its leader: removal markers count until they expire. A follower that knows more has
   * missed removals whose markers are gone. Throws Fault LOG_UNREACHABLE.
   */
  size(): Promise<number>;
  /** Delivers everything again from the beginning. */
  beginAgain(): void;
}

/** An open watch; closing it twice is harmless. */
export interface ViewWatch {
  /**
   * Resolves once every change that the bucket's leader had stored when this was called has been passed to the watcher. Reads
   * only: nothing is written to the bucket. Throws Fault LOG_UNREACHABLE when the store does not answer or the watch is closed.
   */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** What a bucket holds under one key. */
export interface ViewEntry {
  readonly seq: number;
  readonly [field: string]: unknown;
}

/** What a watch knows of a change beside its value. */
export interface ViewChange {
  /** It came with the first delivery of a watch that has begun, or begun again: it may be of any age. */
  readonly isInitial: boolean;
  /**
   * The entry is merely not there any more, and no marker says that it was removed: the bucket may have been deleted, or the
   * marker has expired. Always false where there is a value.
   */
  readonly isAbsent: boolean;
  /** When the store took the entry or its removal marker, milliseconds since the epoch by the store's clock; 0 for an absent one. */
  readonly storedAt: number;
}

/** What somebody who watches a bucket is told. */
export interface ViewWatcher {
  /**
   * `value` is undefined when the entry was removed, or is absent. May be told the same twice; never an older value after a
   * newer. An entry that was removed before the watch began is not told.
   */
  changed(key: string, value: ViewEntry | undefined, change: ViewChange): void;
  /** Everything that was there when the watch began has been told. Also said after a reconnect that had to begin again. */
  ready(): void;
}
