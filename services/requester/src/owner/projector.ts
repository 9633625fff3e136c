import {
  type Change,
  type Clock,
  changes,
  entries,
  entryOf,
  isLive,
  type Job,
  jobViews,
  type View,
  type ViewStore,
} from "@shoal/core";
import { buckets } from "@shoal/proto";
import { LateWrites } from "./late-writes.ts";
import { untilReachable } from "./until-reachable.ts";

/** Makes the buckets follow the aggregates; tries until the store answers or it is closed. */
export class Projector {
  readonly #stores: Readonly<Record<string, ViewStore>>;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  readonly #late: LateWrites;

  /** One store for each bucket, by its name. */
  constructor(stores: Readonly<Record<string, ViewStore>>, clock: Clock) {
    this.#stores = stores;
    this.#clock = clock;
    this.#late = new LateWrites(clock, (change) => this.#write(change));
  }

  /** Writes what changed from `before` to `after` by the commit at `seq`; resolves when all of it is stored. */
  async project<S>(
    views: readonly View<S>[],
    { before, after, seq }: { readonly before: S | undefined; readonly after: S; readonly seq: number },
  ): Promise<void> {
    await this.#apply(views.flatMap((view) => changes(view, before, { after, seq })));
  }

  /** Shows all of a job again, for when its former owner may have been cut off between the log and the views. */
  async reshow(job: Job): Promise<void> {
    const there = jobViews.flatMap((view) =>
      entries(view, job).map((entry): Change => ({ bucket: view.bucket, urgent: view.pace === "at once", ...entry })),
    );
    const ended = [...job.executions.values()].filter((execution) => !isLive(execution));
    const gone = ended.map(({ placement, seq }): Change => {
      return {
        bucket: buckets.assignments,
        urgent: true,
        key: `${placement.nodeId}.${placement.executionId}`,
        seq,
        value: undefined,
      };
    });
    await this.#apply([...there, ...gone]);
  }

  /** Writes what waits for its entry to rest; resolves when it is stored, or could not be. */
  flush(): Promise<void> {
    return this.#late.flush();
  }

  close(): void {
    this.#closed.abort();
    this.#late.close();
  }

  async #apply(all: readonly Change[]): Promise<void> {
    await Promise.all(all.map((change) => (change.urgent ? this.#write(change) : this.#late.put(change))));
  }

  async #write({ bucket, key, seq, value }: Change): Promise<void> {
    const store = this.#stores[bucket];
    if (store === undefined) return;
    const write = () => (value === undefined ? store.remove(key, seq) : store.put(key, entryOf(seq, value)));
    await untilReachable(write, { clock: this.#clock, signal: this.#closed.signal });
  }
}
