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

/** What somebody who watches a bucket is told. */
export interface ViewWatcher {
  /** `value` is undefined when the entry was removed. May be told the same twice; never an older value after a newer. */
  changed(key: string, value: ViewEntry | undefined): void;
  /** Everything that was there when the watch began has been told. Also said after a reconnect that had to begin again. */
  ready(): void;
}
