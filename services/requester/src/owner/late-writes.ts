import type { Change, Clock } from "@shoal/core";

// How long a view that nobody acts on may lag: below what a person notices in a list, and longer than a job that does nothing
// lives on a busy cluster, so that its steps are written once and not one by one.
const lagMs = 100;

interface Late {
  change: Change;
  readonly settled: PromiseWithResolvers<void>;
}

/** Gathers changes for a moment; of several for one entry only the last is written. */
export class LateWrites {
  readonly #clock: Clock;
  readonly #write: (change: Change) => Promise<void>;
  #late = new Map<string, Late>();
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock, write: (change: Change) => Promise<void>) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Resolves once this change, or a later one of the same entry, is stored. */
  put(change: Change): Promise<void> {
    const key = `${change.bucket}/${change.key}`;
    const waiting = this.#late.get(key);
    if (waiting !== undefined) {
      // A change is never older than the one before: they come in the order of the log.
      waiting.change = change;
      return waiting.settled.promise;
    }
    const settled = Promise.withResolvers<void>();
    if (this.#closed) return settled.promise;
    this.#late.set(key, { change, settled });
    this.#cancel ??= this.#clock.at(this.#clock.now() + lagMs, () => this.#flush());
    return settled.promise;
  }

  /** Writes nothing any more; what waited is never said to be stored. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#late.clear();
  }

  #flush(): void {
    this.#cancel = undefined;
    const late = this.#late;
    this.#late = new Map();
    for (const { change, settled } of late.values()) this.#write(change).then(settled.resolve, settled.reject);
  }
}
