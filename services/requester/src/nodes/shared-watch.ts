import {
  assert,
  Fault,
  type ViewChange,
  type ViewEntry,
  type ViewStore,
  type ViewWatch,
  type ViewWatcher,
} from "@shoal/core";

/** The pattern of the one shared watch: everything. */
const everything = ">";

interface Shown {
  readonly value: ViewEntry;
  readonly change: ViewChange;
}

/**
 * The same store with one shared watch of the whole bucket: for a small bucket that several parts of a process follow.
 * A later watcher first gets what the watch has delivered so far. The watch ends with the last watcher.
 */
export function sharedWatch(store: ViewStore): ViewStore {
  let current: SharedWatch | undefined;
  return {
    ...store,
    async watch(pattern, watcher) {
      assert(pattern === everything, `expected the pattern ${everything} of a shared watch, got ${pattern}`);
      if (current === undefined || current.isClosed()) current = new SharedWatch(store);
      return current.join(watcher);
    },
  };
}

class SharedWatch {
  readonly #entries = new Map<string, Shown>();
  readonly #watchers = new Set<ViewWatcher>();
  readonly #watch: Promise<ViewWatch>;
  #isReady = false;
  #isClosed = false;

  constructor(store: ViewStore) {
    this.#watch = store.watch(everything, {
      changed: (key, value, change) => this.#changed(key, value, change),
      ready: () => this.#ready(),
    });
  }

  /** The next watcher needs a new watch. */
  isClosed(): boolean {
    return this.#isClosed;
  }

  async join(watcher: ViewWatcher): Promise<ViewWatch> {
    this.#watchers.add(watcher);
    for (const [key, { value, change }] of this.#entries) watcher.changed(key, value, { ...change, isInitial: true });
    if (this.#isReady) watcher.ready();
    try {
      await this.#watch;
    } catch (failure) {
      this.#isClosed = true;
      throw failure;
    }
    return { caughtUp: () => this.#caughtUp(watcher), close: () => this.#leave(watcher) };
  }

  async #caughtUp(watcher: ViewWatcher): Promise<void> {
    if (this.#watchers.has(watcher)) await (await this.#watch).caughtUp();
    if (!this.#watchers.has(watcher)) throw new Fault("LOG_UNREACHABLE", "the watch is closed");
  }

  async #leave(watcher: ViewWatcher): Promise<void> {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0 || this.#isClosed) return;
    this.#isClosed = true;
    await (await this.#watch).close();
  }

  #changed(key: string, value: ViewEntry | undefined, change: ViewChange): void {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, { value, change });
    for (const watcher of [...this.#watchers]) watcher.changed(key, value, change);
  }

  #ready(): void {
    this.#isReady = true;
    for (const watcher of [...this.#watchers]) watcher.ready();
  }
}
