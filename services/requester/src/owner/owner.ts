import { causeOf, type Job, type Lease, type Process, pause, type StoredCommit } from "@shoal/core";
import { shardOf } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";
import type { JobKeeper } from "./job-keeper.ts";
import { Shard } from "./shard.ts";
import { movesOf, type Picture } from "./share.ts";

export interface OwnerOptions {
  readonly ports: RequesterPorts;
  readonly keeper: JobKeeper;
  /** This requester's id. */
  readonly by: string;
  readonly checkpointMs: number;
  /** A shard came to this requester, or left it. */
  readonly moved: (shard: number, mine: boolean) => void;
  /** A commit about a node of an owned shard stands in the log; resolves once it has been shown. */
  readonly nodeMoved: (stored: StoredCommit) => Promise<void>;
}

// How long to wait before a shard that could not be opened is tried again: a look at the log costs little, a busy loop much.
const reopenMs = 500;

/** Holds this requester's share of the shards, and gives and takes as requesters come and go. */
export class Owner implements Process {
  readonly name = "owner";
  readonly #options: OwnerOptions;
  readonly #shards = new Map<number, Shard>();
  readonly #taking = new Set<number>();
  #picture: Picture = { requesters: [], owners: new Map() };
  #cancelLook: (() => void) | undefined;
  readonly #closing = new AbortController();

  constructor(options: OwnerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#options.ports.leases.start({
      changed: (picture) => {
        this.#picture = picture;
        this.#balance();
      },
      lost: (lease) => {
        this.#options.ports.diary.warn({ ...lease }, "a lease was lost; its shard is let go");
        // The picture without it may have come before, when it still counted as ours.
        const closed = this.#drop(lease.shard)?.close() ?? Promise.resolve();
        void closed.finally(() => this.#balanceSoon());
      },
    });
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    this.#cancelLook?.();
    const { leases } = this.#options.ports;
    await Promise.all([...this.#shards.keys()].map((shard) => this.#giveBack(shard)));
    await leases.close();
  }

  leaseOf(shard: number): Lease | undefined {
    return this.#shards.get(shard)?.lease;
  }

  /** A commit that this process appended by other means. */
  noticed(stored: StoredCommit): void {
    this.#shards.get(shardOf(stored.aggregate.id))?.noticed(stored);
  }

  /** Looks at every job of every shard. */
  lookAtAll(): void {
    for (const shard of this.#shards.values()) shard.lookAtAll();
  }

  /** Every job of the shards that are owned now that is in memory. */
  *jobs(): Iterable<Job> {
    for (const shard of this.#shards.values()) yield* shard.jobs();
  }

  /** The shards owned now, and the jobs of each that are in memory. */
  holdings(): ReadonlyMap<number, number> {
    return new Map([...this.#shards].map(([number, shard]) => [number, shard.size()]));
  }

  #balance(): void {
    if (this.#closing.signal.aborted) return;
    const mine = new Set([...this.#shards.keys(), ...this.#taking]);
    const { acquire, release } = movesOf(this.#options.by, this.#picture, mine);
    for (const shard of release) void this.#giveBack(shard);
    for (const shard of acquire) void this.#take(shard);
  }

  #balanceSoon(): void {
    const { clock } = this.#options.ports;
    if (this.#closing.signal.aborted) return;
    this.#cancelLook ??= clock.at(clock.now() + reopenMs, () => {
      this.#cancelLook = undefined;
      this.#balance();
    });
  }

  async #take(shard: number): Promise<void> {
    if (this.#taking.has(shard) || this.#shards.has(shard) || this.#closing.signal.aborted) return;
    this.#taking.add(shard);
    const { ports } = this.#options;
    try {
      const lease = await ports.leases.acquire(shard);
      if (lease !== undefined) await this.#open(lease);
    } catch (failure) {
      ports.diary.warn({ shard, ...causeOf(failure) }, "a shard could not be taken; it is tried again");
      // Until then it counts as being taken: what gave it back says so at once, and would have it taken again without a pause.
      await pause(ports.clock, reopenMs, this.#closing.signal);
    } finally {
      this.#taking.delete(shard);
      // Until now it counted as ours and could not be given back; the share may have become smaller meanwhile.
      if (this.#shards.has(shard)) this.#balance();
      // Somebody else has it, or it was given back meanwhile: another one may be missing.
      else this.#balanceSoon();
    }
  }

  async #open(lease: Lease): Promise<void> {
    const { ports, keeper, by, checkpointMs, nodeMoved } = this.#options;
    const shard = new Shard({ ports, keeper, by, lease, checkpointMs, nodeMoved });
    this.#shards.set(lease.shard, shard);
    try {
      await shard.open();
    } catch (failure) {
      await this.#giveBack(lease.shard);
      throw failure;
    }
    if (this.#closing.signal.aborted) await this.#giveBack(lease.shard);
    else if (this.#shards.get(lease.shard) === shard) this.#options.moved(lease.shard, true);
  }

  async #giveBack(number: number): Promise<void> {
    const shard = this.#drop(number);
    if (shard === undefined) return;
    const { lease } = shard;
    await shard.show();
    await shard.close();
    await this.#options.ports.leases.release(lease).catch((failure: unknown) => {
      this.#options.ports.diary.warn(
        { shard: number, ...causeOf(failure) },
        "a shard could not be given back; its lease will end by itself",
      );
    });
  }

  /** From now on it is not ours: at once, so that nobody who looks meanwhile lets it go again. */
  #drop(number: number): Shard | undefined {
    const shard = this.#shards.get(number);
    if (shard === undefined) return undefined;
    this.#shards.delete(number);
    this.#options.moved(number, false);
    return shard;
  }
}
