import {
  type CommandReply,
  causeOf,
  Fault,
  type OpenEntry,
  openKeyOf,
  openValueOf,
  type StoredCommit,
  type UnreadableCommit,
} from "@shoal/core";
import { type AggregateRef, buckets, subjectOf } from "@shoal/proto";
import type { Move } from "../aggregate/actor-options.ts";
import { Actors, type AnyActor } from "../aggregate/actors.ts";
import { AggregateActor } from "../aggregate/aggregate-actor.ts";
import type { AddressedCommand } from "../aggregate/mailbox.ts";
import { isQuarantining, Quarantine, type Quarantined, quarantinedAt, quarantinedBy } from "../aggregate/quarantine.ts";
import { untilReachable } from "../aggregate/until-reachable.ts";
import { InFlightWrites } from "../views/in-flight-writes.ts";
import type { AggregatesOptions } from "./aggregates-options.ts";

/**
 * The aggregates of a shard in memory: each is loaded when it is needed, projected with every commit, and evicted once
 * it is settled.
 */
export class Aggregates {
  readonly #options: AggregatesOptions;
  readonly #actors = new Actors();
  /** Actors that decide or read, also of aggregates that are not in `#actors`: they do not exist yet, or are settled. */
  readonly #busy = new Set<AnyActor>();
  readonly #opening = new Map<string, Promise<AnyActor>>();
  readonly #quarantine = new Quarantine();
  readonly #inFlight: InFlightWrites;
  /** Commits that were folded in before the log delivered them: the subject by position. */
  readonly #folded = new Map<number, string>();
  readonly #closed = new AbortController();
  /** The position up to which the log has been delivered. */
  #deliveredSeq = 0;
  /**
   * The end of the log when the shard was opened: the first commit of an aggregate that begins after it has been
   * delivered.
   */
  #openedAt = 0;

  constructor(options: AggregatesOptions) {
    this.#options = options;
    this.#inFlight = new InFlightWrites({ ...options, onStored: ({ ref }) => this.#evictStored(ref) });
  }

  /** The log is delivered after `deliveredSeq`; it ended at `endSeq` when the shard was opened. */
  begin(deliveredSeq: number, endSeq: number): void {
    this.#deliveredSeq = deliveredSeq;
    this.#openedAt = endSeq;
  }

  get size(): number {
    return this.#actors.size;
  }

  [Symbol.iterator](): Iterator<AnyActor> {
    return this.#actors[Symbol.iterator]();
  }

  /** The aggregates with live executions on a node. */
  on(nodeId: string): readonly AnyActor[] {
    return this.#actors.on(nodeId);
  }

  quarantined(): readonly Quarantined[] {
    return this.#quarantine.values();
  }

  /**
   * Opens the aggregates in the view `open`. An aggregate that cannot be read blocks no other, nor does a view that
   * does not answer: the next owner finds what is not written. Never rejects.
   */
  async takeUp({ quarantine, ...ref }: OpenEntry): Promise<void> {
    try {
      // The positions have passed what could not be read: it has not been projected.
      const actor = await this.actorOf(ref, quarantine === undefined ? undefined : quarantine.seq - 1);
      const state = actor.state();
      const isSettled = state === undefined || actor.kind.isSettled(state);
      if (!isSettled && quarantine === undefined) return;
      // An entry of a former owner: it died before it could remove the entry, or could not read what can be read now.
      const seq = Math.max(actor.headSeq(), quarantine?.seq ?? 0);
      const value = isSettled ? undefined : openValueOf(ref);
      void this.#inFlight.writeLast(
        { bucket: buckets.open, urgent: true, key: openKeyOf(ref), seq, value },
        subjectOf(ref),
      );
    } catch (failure) {
      void this.#setAside(quarantinedBy(ref, failure));
    }
  }

  /**
   * On a commit that the log has delivered. Resolves once it is in the views, or its aggregate in quarantine. Never
   * rejects.
   */
  async deliver(stored: StoredCommit): Promise<void> {
    const { aggregate, seq } = stored;
    this.#deliveredSeq = seq;
    try {
      await this.#absorbCommit(stored);
    } catch (failure) {
      await this.#setAside({ ...quarantinedBy(aggregate, failure), seq });
    }
    await this.#inFlight.of(subjectOf(aggregate));
  }

  /**
   * Whether an actor has already folded the commit in, so that the log need not deliver it. The returned promise
   * resolves once the commit is in the views; undefined for an unknown commit.
   */
  known(seq: number): { readonly projected: Promise<void> | undefined } | undefined {
    const subject = this.#folded.get(seq);
    if (subject === undefined) return undefined;
    this.#folded.delete(seq);
    this.#deliveredSeq = seq;
    return { projected: this.#inFlight.of(subject) };
  }

  /**
   * On a message that cannot be read: no further decision is made about its aggregate. Resolves once the view shows it.
   */
  async onUnreadable(message: UnreadableCommit): Promise<void> {
    this.#deliveredSeq = message.seq;
    const actor = this.#actors.get(message.aggregate);
    if (actor !== undefined) this.#drop(actor);
    await this.#setAside(quarantinedAt(message));
  }

  /**
   * On a commit that this process appended through another actor. A commit that the log has already delivered changes
   * nothing.
   */
  onAppended(stored: StoredCommit): void {
    if (stored.seq > this.#deliveredSeq) this.#absorbCommit(stored).catch(() => undefined);
  }

  async #absorbCommit(stored: StoredCommit): Promise<void> {
    const { aggregate, commit, seq } = stored;
    if (this.#closed.signal.aborted || this.#quarantine.has(aggregate)) return;
    const isNew = commit.prev === "" && seq > this.#openedAt && !this.#opening.has(subjectOf(aggregate));
    const actor =
      this.#actors.get(aggregate) ?? (isNew ? this.#newActor(aggregate, () => true) : await this.actorOf(aggregate));
    await actor.absorb(stored);
  }

  /** Decides a command. Rejects with the log's Faults. */
  async command({ aggregate, ...given }: AddressedCommand): Promise<CommandReply> {
    // Without a pause when the aggregate is in memory: during a pause it could be evicted before the command reaches
    // it.
    const actor = this.#actors.get(aggregate) ?? (await this.actorOf(aggregate));
    return await actor.command(given);
  }

  /**
   * The actor of an aggregate, loaded from the log when it is not in memory. Commits after `projectedSeq` are
   * projected. Rejects with the log's Faults.
   */
  actorOf(ref: AggregateRef, projectedSeq = Number.POSITIVE_INFINITY): Promise<AnyActor> {
    const known = this.#actors.get(ref);
    if (known !== undefined) return Promise.resolve(known);
    const fault = this.#quarantine.faultOf(ref);
    if (fault !== undefined) return Promise.reject(fault);
    const subject = subjectOf(ref);
    const begun =
      this.#opening.get(subject) ?? this.#read(ref, projectedSeq).finally(() => this.#opening.delete(subject));
    this.#opening.set(subject, begun);
    return begun;
  }

  /** Releases all aggregates at once. */
  close(): void {
    this.#closed.abort();
    for (const actor of this.#actors) {
      this.#options.reconciler.remove(actor);
      actor.close();
    }
    for (const actor of this.#busy) actor.close();
    this.#actors.clear();
  }

  /** `reacts` is false while an actor reads the log. */
  #newActor(ref: AggregateRef, reacts: () => boolean, atMost = Number.POSITIVE_INFINITY): AnyActor {
    const { ports, by, kinds, epoch, features } = this.#options;
    const projectedSeq = Math.min(atMost, this.#options.projectedSeq());
    const actor: AnyActor = new AggregateActor({
      ...ports,
      ref,
      kind: kinds.get(ref.kind),
      by,
      epoch,
      features,
      isOwner: true,
      onCommit: (move) => {
        if (this.#closed.signal.aborted) return;
        if (move.stored.seq > this.#deliveredSeq) this.#folded.set(move.stored.seq, subjectOf(actor.ref));
        if (move.stored.seq > projectedSeq) this.#inFlight.project(actor, move);
        if (reacts()) this.#onFolded(actor, move);
      },
      onFailed: (failure) => ports.logger.warn({ ...actor.ref, ...causeOf(failure) }, "could not react to a commit"),
      onUnreadable: (failure) => {
        this.#drop(actor);
        void this.#setAside(quarantinedBy(actor.ref, failure));
      },
      onBusy: () => {
        this.#busy.add(actor);
        // Loaded while the shard closed.
        if (this.#closed.signal.aborted) actor.close();
      },
      onIdle: () => {
        this.#busy.delete(actor);
        this.#evict(actor);
      },
    });
    return actor;
  }

  async #read(ref: AggregateRef, projectedSeq: number): Promise<AnyActor> {
    let isReading = true;
    const actor = this.#newActor(ref, () => !isReading, projectedSeq);
    const { signal } = this.#closed;
    const read = () => actor.refresh().then(() => true);
    if ((await untilReachable(read, { clock: this.#options.ports.clock, signal })) === undefined)
      throw new Fault("LOG_UNREACHABLE", `this requester no longer owns ${ref.id}`);
    isReading = false;
    // Registered under its full name meanwhile.
    const other = this.#actors.get(actor.ref);
    if (other !== undefined) return other;
    // The read began before the unreadable message arrived.
    const fault = this.#quarantine.faultOf(actor.ref);
    if (fault !== undefined) throw fault;
    const state = actor.state();
    // A settled aggregate enters memory only when a command reopens it.
    if (state !== undefined && !actor.kind.isSettled(state) && !signal.aborted) this.#enter(actor);
    return actor;
  }

  #onFolded(actor: AnyActor, { stored }: Move<unknown>): void {
    const other = this.#actors.get(actor.ref);
    // Two concurrent commands may each have loaded an aggregate that was not in memory. The actor that commits first
    // stays, and the log need not deliver to it what the other one has folded in.
    if (other === undefined || other === actor) this.#enter(actor);
    else other.absorb(stored).catch((failure: unknown) => this.#setAside(quarantinedBy(actor.ref, failure)));
  }

  #enter(actor: AnyActor): void {
    if (this.#actors.get(actor.ref) === undefined) this.#options.onSize();
    this.#actors.add(actor);
    this.#actors.index(actor);
    this.#options.reconciler.reconcile(actor);
  }

  /** The last write may be of another actor, which a command has loaded while the log delivered the commit. */
  #evictStored(ref: AggregateRef): void {
    const actor = this.#actors.get(ref);
    if (actor !== undefined) this.#evict(actor);
  }

  /** Evicts an aggregate once it is settled and projected and no caller waits for an answer about it. */
  #evict(actor: AnyActor): void {
    const state = actor.state();
    if (state === undefined || !actor.isIdle() || !actor.kind.isSettled(state)) return;
    if (this.#inFlight.of(subjectOf(actor.ref)) === undefined) this.#drop(actor);
  }

  #drop(actor: AnyActor): void {
    if (this.#actors.get(actor.ref) !== actor) return;
    this.#actors.delete(actor);
    this.#options.onSize();
    this.#options.reconciler.remove(actor);
    actor.close();
  }

  async #setAside(quarantined: Quarantined): Promise<void> {
    const { code, why, seq, aggregate } = quarantined;
    const { logger } = this.#options.ports;
    if (this.#closed.signal.aborted) return;
    if (!isQuarantining(code)) {
      logger.warn({ ...aggregate, seq, code, why }, "could not apply a commit");
      return;
    }
    const change = this.#quarantine.add(quarantined);
    if (change === undefined) return;
    logger.warn({ ...aggregate, seq, code, why }, "quarantined an aggregate that cannot be read");
    await this.#options.projector.apply([change]);
  }
}
