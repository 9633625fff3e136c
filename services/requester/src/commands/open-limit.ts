import {
  type Clock,
  type EventLog,
  Fault,
  foldJob,
  isSettledJob,
  type Positions,
  type StoredCommit,
} from "@shoal/core";
import { type AggregateRef, buckets, shardCount, shardOf } from "@shoal/proto";

export interface OpenLimitOptions {
  /** The maximum number of open aggregates in the cluster. */
  readonly openMax: number;
  readonly positions: Pick<Positions, "load">;
  readonly log: Pick<EventLog, "load">;
  readonly clock: Clock;
  /** The number of open aggregates in a shard that this requester owns; undefined when it does not own the shard. */
  readonly openOf: (shard: number) => number | undefined;
}

/** The last known count of a shard's owner, and the submissions since. */
interface KnownCount {
  readonly open: number;
  readonly readAt: number;
  /** Submissions that this requester has accepted since. */
  accepted: number;
}

// Owners save their count at most once a second.
const refreshMs = 1_000;

/**
 * Limits the number of open aggregates per shard. The owner knows the exact number. Other requesters read it from the
 * position of the view `open`, which is up to some two seconds old: a shard may exceed its limit for that long.
 */
export class OpenLimit {
  readonly #options: OpenLimitOptions;
  readonly #shardMax: number;
  readonly #known = new Map<number, KnownCount>();
  readonly #reading = new Map<number, Promise<void>>();
  /** Submissions in progress to shards that this requester owns. */
  readonly #underWay = new Map<number, number>();

  constructor(options: OpenLimitOptions) {
    this.#options = options;
    this.#shardMax = Math.max(1, Math.floor(options.openMax / shardCount));
  }

  /**
   * Creates an aggregate by `create` unless its shard is at its limit: then Fault TOO_MANY. A submission of an existing
   * aggregate passes.
   */
  admit<T>(aggregate: AggregateRef, create: () => Promise<T>): Promise<T> {
    return this.#within(aggregate, create, async () => (await this.#load(aggregate)).length > 0);
  }

  /** Begins a version of a job by `begin` unless the job has settled and its shard is at its limit: then Fault TOO_MANY. */
  reopen<T>(aggregate: AggregateRef, begin: () => Promise<T>): Promise<T> {
    return this.#within(aggregate, begin, async () => {
      const job = foldJob(await this.#load(aggregate));
      // No job at all: the command is refused for that.
      return job === undefined || !isSettledJob(job);
    });
  }

  async #within<T>(aggregate: AggregateRef, create: () => Promise<T>, isNoneMore: () => Promise<boolean>): Promise<T> {
    const shard = shardOf(aggregate.id);
    await this.#refresh(shard);
    // Nothing is awaited between here and the count, so that concurrent submissions never see an old number.
    if (this.#countOf(shard) >= this.#shardMax) {
      if (await isNoneMore()) return await create();
      throw this.#tooMany(shard);
    }
    const known = this.#known.get(shard);
    if (known !== undefined) known.accepted += 1;
    const count = (by: number) => this.#underWay.set(shard, (this.#underWay.get(shard) ?? 0) + by);
    count(1);
    return await create().finally(() => count(-1));
  }

  #countOf(shard: number): number {
    const own = this.#options.openOf(shard);
    if (own !== undefined) return own + (this.#underWay.get(shard) ?? 0);
    const { open, accepted } = this.#known.get(shard) ?? { open: 0, accepted: 0 };
    return open + accepted;
  }

  /** Ensures that the owner's count is known. */
  async #refresh(shard: number): Promise<void> {
    const known = this.#known.get(shard);
    if (this.#options.openOf(shard) !== undefined) this.#known.delete(shard);
    else if (known === undefined || this.#options.clock.now() - known.readAt >= refreshMs) {
      const reading = this.#read(shard);
      // Far below the limit an older count is sufficient, and no submission waits for a new one.
      if (known === undefined || this.#countOf(shard) >= this.#shardMax / 2) await reading;
    }
  }

  #read(shard: number): Promise<void> {
    const reading = this.#reading.get(shard) ?? this.#loadCount(shard).finally(() => this.#reading.delete(shard));
    this.#reading.set(shard, reading);
    return reading;
  }

  /** Never rejects: without an answer the last count is used, as the limit only protects the owner's memory. */
  async #loadCount(shard: number): Promise<void> {
    const { positions, clock } = this.#options;
    const stored = await positions.load(buckets.open, shard).catch(() => undefined);
    const open = stored?.open ?? this.#known.get(shard)?.open ?? 0;
    this.#known.set(shard, { open, readAt: clock.now(), accepted: 0 });
  }

  #load(aggregate: AggregateRef): Promise<readonly StoredCommit[]> {
    return this.#options.log.load(aggregate);
  }

  #tooMany(shard: number): Fault {
    const { openMax } = this.#options;
    return new Fault(
      "TOO_MANY",
      `shard ${shard} holds ${this.#shardMax} open jobs and nodes, its limit (jobs.openMax ${openMax} over ${shardCount} shards): wait until jobs end, stop some, or raise jobs.openMax`,
    );
  }
}
