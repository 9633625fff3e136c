import type { Change, Clock } from "@shoal/core";

// An entry is written once it has not changed for a tick: a job that does nothing lives about as long on a busy
// cluster, so that all its states become one write. A tick is shorter than a person notices in a list.
const tickMs = 100;
// An entry that changes continuously is written every few ticks: half a second late, which a person who watches
// accepts.
const ticksMax = 5;

interface CoalescedWrite {
  change: Change;
  /** It has changed since the last tick. */
  moved: boolean;
  ticks: number;
  readonly settled: PromiseWithResolvers<void>;
}

/** Coalesces the changes of entries until they rest; of several for one entry only that of the last commit is written. */
export class WriteCoalescer {
  readonly #clock: Clock;
  readonly #write: (change: Change) => Promise<void>;
  readonly #waiting = new Map<string, CoalescedWrite>();
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock, write: (change: Change) => Promise<void>) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Resolves once this change, or a later one of the same entry, is stored. */
  put(change: Change): Promise<void> {
    const key = `${change.bucket}/${change.key}`;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      // Two actors of one aggregate may fold the log at the same time, and the later one may have read less of it.
      if (change.seq >= waiting.change.seq) waiting.change = change;
      waiting.moved = true;
      return waiting.settled.promise;
    }
    const settled = Promise.withResolvers<void>();
    if (this.#closed) return settled.promise;
    this.#waiting.set(key, { change, moved: true, ticks: 0, settled });
    this.#tickSoon();
    return settled.promise;
  }

  /** Writes all pending changes at once; resolves when they are stored or have failed. */
  async flush(): Promise<void> {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#cancel?.();
    this.#cancel = undefined;
    await Promise.allSettled(all.map((late) => this.#store(late)));
  }

  /** Stops writing; the promises of pending changes never resolve. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#waiting.clear();
  }

  #tickSoon(): void {
    this.#cancel ??= this.#clock.at(this.#clock.now() + tickMs, () => {
      this.#cancel = undefined;
      this.#tick();
    });
  }

  #tick(): void {
    for (const [key, late] of this.#waiting) {
      late.ticks++;
      if (late.moved && late.ticks < ticksMax) {
        late.moved = false;
        continue;
      }
      this.#waiting.delete(key);
      void this.#store(late);
    }
    if (this.#waiting.size > 0) this.#tickSoon();
  }

  #store({ change, settled }: CoalescedWrite): Promise<void> {
    this.#write(change).then(settled.resolve, settled.reject);
    return settled.promise;
  }
}
