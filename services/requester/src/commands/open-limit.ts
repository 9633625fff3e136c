import { type Clock, type EventLog, Fault, type Positions } from "@shoal/core";
import { type AggregateRef, buckets, shardCount, shardOf } from "@shoal/proto";

export interface OpenLimitOptions {
  /** How many aggregates may be open in the cluster. */
  readonly openMax: number;
  readonly positions: Pick<Positions, "load">;
  readonly log: Pick<EventLog, "load">;
  readonly clock: Clock;
  /** How many are open in a shard that this requester owns; undefined when it does not own the shard. */
  readonly openOf: (shard: number) => number | undefined;
}

/** What the owner of a shard has said of it, and what was added since. */
interface KnownCount {
  readonly open: number;
  readonly readAt: number;
  /** Submissions that this requester has accepted since. */
  accepted: number;
}

// Owners write their count at most once a second.
const refreshMs = 1_000;

/**
 * Limits how many aggregates are open, per shard. The owner knows their number; others read it from the position of the view `open`,
 * where it is up to some two seconds old: so long a shard may grow beyond its limit.
 */
export class OpenLimit {
  readonly #options: OpenLimitOptions;
  readonly #shardMax: number;
  readonly #known = new Map<number, KnownCount>();
  readonly #reading = new Map<number, Promise<void>>();
  /** Submissions under way to shards that this requester owns. */
  readonly #underWay = new Map<number, number>();

  constructor(options: OpenLimitOptions) {
    this.#options = options;
    this.#shardMax = Math.max(1, Math.floor(options.openMax / shardCount));
  }

  /** Creates an aggregate by `create` unless its shard is at its limit: then Fault TOO_MANY. One that exists passes. */
  async admit<T>(aggregate: AggregateRef, create: () => Promise<T>): Promise<T> {
    const shard = shardOf(aggregate.id);
    await this.#refresh(shard);
    // From here to the count nothing is awaited: of many at once none sees an old number.
    if (this.#countOf(shard) >= this.#shardMax) {
      if (await this.#exists(aggregate)) return await create();
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

  /** Makes sure that the owner's count is known. */
  async #refresh(shard: number): Promise<void> {
    const known = this.#known.get(shard);
    if (this.#options.openOf(shard) !== undefined) this.#known.delete(shard);
    else if (known === undefined || this.#options.clock.now() - known.readAt >= refreshMs) {
      const reading = this.#read(shard);
      // Far below the limit an older count is good enough, and nothing waits for another one.
      if (known === undefined || this.#countOf(shard) >= this.#shardMax / 2) await reading;
    }
  }

  #read(shard: number): Promise<void> {
    const reading = this.#reading.get(shard) ?? this.#load(shard).finally(() => this.#reading.delete(shard));
    this.#reading.set(shard, reading);
    return reading;
  }

  /** Never rejects: without an answer the last count holds, as the limit protects the owner's memory and nothing else. */
  async #load(shard: number): Promise<void> {
    const { positions, clock } = this.#options;
    const stored = await positions.load(buckets.open, shard).catch(() => undefined);
    const open = stored?.open ?? this.#known.get(shard)?.open ?? 0;
    this.#known.set(shard, { open, readAt: clock.now(), accepted: 0 });
  }

  async #exists(aggregate: AggregateRef): Promise<boolean> {
    return (await this.#options.log.load(aggregate)).length > 0;
  }

  #tooMany(shard: number): Fault {
    const { openMax } = this.#options;
    return new Fault(
      "TOO_MANY",
      `shard ${shard} holds ${this.#shardMax} open jobs and nodes, its limit (jobs.openMax ${openMax} over ${shardCount} shards): wait until jobs end, stop some, or raise jobs.openMax`,
    );
  }
}
