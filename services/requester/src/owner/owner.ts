import {
  type CommandReply,
  causeOf,
  type Kinds,
  type Lease,
  type LeaseSnapshot,
  type LeaseWatcher,
  type Process,
  pause,
  type StoredCommit,
} from "@shoal/core";
import { shardOf, shoalVersion } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";
import type { AnyActor } from "./aggregate/actors.ts";
import type { FeatureGate } from "./aggregate/feature-gate.ts";
import type { AddressedCommand } from "./aggregate/mailbox.ts";
import type { Quarantined } from "./aggregate/quarantine.ts";
import type { Reconciler } from "./aggregate/reconciler.ts";
import { planRebalance } from "./shard/rebalance.ts";
import { Shard } from "./shard/shard.ts";

export interface OwnerOptions {
  readonly ports: RequesterPorts;
  readonly kinds: Kinds;
  readonly reconciler: Reconciler;
  /** This requester's id. */
  readonly by: string;
  readonly features: FeatureGate;
  /** The minimum time between two saves of the positions, milliseconds. */
  readonly positionsMs: number;
  /** Reports of this node are refused; those of every node are decided when left out. */
  readonly isExcluded?: (nodeId: string) => boolean;
  /** This requester claimed a shard, or lost it. */
  readonly onMoved: (shard: number, isMine: boolean) => void;
}

/** The load of an owner. */
export interface Holding {
  /** Aggregates in memory. */
  readonly aggregates: number;
  /** Aggregates whose log cannot be read. */
  readonly quarantined: readonly Quarantined[];
  /** Buckets whose part of this shard is being rebuilt. */
  readonly rebuilding: readonly string[];
}

// The pause before a shard that could not be opened is retried: one read of the log is cheap, a busy loop is not.
const reopenMs = 500;

// The interval of the check that no bucket was deleted while the shard is idle: an operator sees it within about a
// minute.
const verifyMs = 20_000;

// Aggregates that react in one turn of the event loop when a node is lost: some milliseconds.
export const reactingAtOnce = 128;

/** Owns this requester's share of the shards, and claims and releases shards as requesters come and go. */
export class Owner implements Process {
  readonly name = "owner";
  readonly #options: OwnerOptions;
  readonly #shards = new Map<number, Shard>();
  readonly #taking = new Set<number>();
  #leases: Pick<LeaseSnapshot, "requesters" | "owners"> = { requesters: [], owners: new Map() };
  #cancelRebalance: (() => void) | undefined;
  #cancelVerify: (() => void) | undefined;
  readonly #closing = new AbortController();

  constructor(options: OwnerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#verifyLater();
    const { ports, features } = this.#options;
    const watcher: LeaseWatcher = {
      changed: (snapshot) => this.#onSnapshot(snapshot),
      lost: (lease) => {
        ports.logger.warn({ ...lease }, "lease lost, releasing shard");
        // A snapshot without it may have arrived before, when the shard still counted as owned.
        const closed = this.#drop(lease.shard)?.close() ?? Promise.resolve();
        void closed.finally(() => this.#rebalanceSoon());
      },
    };
    await ports.leases.start(watcher, { version: shoalVersion, featureLevel: features.supported() });
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    this.#cancelRebalance?.();
    this.#cancelVerify?.();
    const { leases } = this.#options.ports;
    await Promise.all([...this.#shards.keys()].map((shard) => this.#giveBack(shard)));
    await leases.close();
  }

  leaseOf(shard: number): Lease | undefined {
    return this.#shards.get(shard)?.lease;
  }

  /** The number of open aggregates of a shard; undefined when this requester does not own it. */
  openOf(shard: number): number | undefined {
    return this.#shards.get(shard)?.size();
  }

  /** Decides a command on an aggregate; undefined when this requester does not own its shard. */
  command(given: AddressedCommand): Promise<CommandReply> | undefined {
    return this.#shards.get(shardOf(given.aggregate.id))?.command(given);
  }

  /** On a commit that this process appended without a lease. */
  onAppended(stored: StoredCommit): void {
    this.#shards.get(shardOf(stored.aggregate.id))?.onAppended(stored);
  }

  /** Triggers a reaction of every aggregate with live executions on a node. */
  async reconcileNode(nodeId: string): Promise<void> {
    await this.#reconcileAll([...this.#shards.values()].flatMap((shard) => shard.on(nodeId)));
  }

  /** Triggers a reaction of every aggregate that follows which nodes there are. */
  async reconcileFollowers(): Promise<void> {
    await this.#reconcileAll([...this.actors()].filter(followsNodes));
  }

  async #reconcileAll(actors: readonly AnyActor[]): Promise<void> {
    const { clock } = this.#options.ports;
    for (let first = 0; first < actors.length; first += reactingAtOnce) {
      if (first > 0) await pause(clock, 0, this.#closing.signal);
      for (const actor of actors.slice(first, first + reactingAtOnce)) this.#options.reconciler.reconcile(actor);
    }
  }

  /** Every aggregate in memory of the owned shards. */
  *actors(): Iterable<AnyActor> {
    for (const shard of this.#shards.values()) yield* shard.actors();
  }

  /** The owned shards. */
  holdings(): ReadonlyMap<number, Holding> {
    return new Map(
      [...this.#shards].map(([number, shard]) => [
        number,
        { aggregates: shard.size(), quarantined: shard.quarantined(), rebuilding: shard.rebuilding() },
      ]),
    );
  }

  #verifyLater(): void {
    const { clock, logger } = this.#options.ports;
    if (this.#closing.signal.aborted) return;
    this.#cancelVerify = clock.at(clock.now() + verifyMs, () => {
      Promise.all([...this.#shards.values()].map((shard) => shard.verifyBuckets()))
        .catch((failure: unknown) => logger.warn(causeOf(failure), "could not verify the buckets; retrying"))
        .finally(() => this.#verifyLater());
    });
  }

  #onSnapshot({ requesters, members, owners, featureLevel }: LeaseSnapshot): void {
    this.#options.features.update({ featureLevel });
    // A requester that does not support the cluster's level claims no share of the shards.
    const eligible = requesters.filter((id) => (members.get(id)?.featureLevel ?? 1) >= featureLevel);
    this.#leases = { requesters: eligible, owners };
    this.#rebalance();
  }

  #rebalance(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#options.features.isBehind()) {
      for (const shard of [...this.#shards.keys()]) void this.#giveBack(shard);
      return;
    }
    const mine = new Set([...this.#shards.keys(), ...this.#taking]);
    const { acquire, release } = planRebalance(this.#options.by, this.#leases, mine);
    for (const shard of release) void this.#giveBack(shard);
    for (const shard of acquire) void this.#take(shard);
  }

  #rebalanceSoon(): void {
    const { clock } = this.#options.ports;
    if (this.#closing.signal.aborted) return;
    this.#cancelRebalance ??= clock.at(clock.now() + reopenMs, () => {
      this.#cancelRebalance = undefined;
      this.#rebalance();
    });
  }

  async #take(shard: number): Promise<void> {
    if (this.#taking.has(shard) || this.#shards.has(shard) || this.#closing.signal.aborted) return;
    this.#taking.add(shard);
    const { ports } = this.#options;
    try {
      const lease = await ports.leases.acquire(shard);
      // A stop no longer waits for a claim that was in flight.
      if (lease !== undefined && this.#closing.signal.aborted) await ports.leases.release(lease);
      else if (lease !== undefined) await this.#open(lease);
    } catch (failure) {
      ports.logger.warn({ shard, ...causeOf(failure) }, "could not claim a shard; retrying");
      // Until then it counts as being claimed: its release changes the snapshot, which would cause another claim
      // without a pause.
      await pause(ports.clock, reopenMs, this.#closing.signal);
    } finally {
      this.#taking.delete(shard);
      // Until now it counted as owned and could not be released; the share may have become smaller meanwhile.
      if (this.#shards.has(shard)) this.#rebalance();
      // Another requester owns it, or it was released meanwhile: another shard may be missing.
      else this.#rebalanceSoon();
    }
  }

  async #open(lease: Lease): Promise<void> {
    const shard = new Shard({ ...this.#options, lease });
    this.#shards.set(lease.shard, shard);
    try {
      await shard.open();
    } catch (failure) {
      await this.#giveBack(lease.shard);
      throw failure;
    }
    if (this.#closing.signal.aborted) await this.#giveBack(lease.shard);
    else if (this.#shards.get(lease.shard) === shard) this.#options.onMoved(lease.shard, true);
  }

  async #giveBack(number: number): Promise<void> {
    const shard = this.#drop(number);
    if (shard === undefined) return;
    const { lease } = shard;
    await shard.flush();
    await shard.close();
    await this.#options.ports.leases.release(lease).catch((failure: unknown) => {
      this.#options.ports.logger.warn(
        { shard: number, ...causeOf(failure) },
        "could not release a shard; its lease expires",
      );
    });
  }

  /** The shard counts as released from now on, so that no later snapshot releases it a second time. */
  #drop(number: number): Shard | undefined {
    const shard = this.#shards.get(number);
    if (shard === undefined) return undefined;
    this.#shards.delete(number);
    this.#options.onMoved(number, false);
    return shard;
  }
}

function followsNodes(actor: AnyActor): boolean {
  const state = actor.state();
  return state !== undefined && actor.kind.followsNodes?.(state) === true;
}
