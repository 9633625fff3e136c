import {
  type Aggregate,
  applyCommit,
  Bug,
  type Chance,
  type Clock,
  type CommandReply,
  causeOf,
  type Decision,
  type EventLog,
  type Kind,
  type NamedCommand,
  noAggregate,
  pause,
  type StoredCommit,
} from "@shoal/core";
import { type AggregateRef, type Commit, commitVersion, type StoredEvent } from "@shoal/proto";
import type { AnyKind } from "./actors.ts";
import type { FeatureGate } from "./feature-gate.ts";
import { type Given, Mailbox, type Pending } from "./mailbox.ts";
import { retryMs } from "./until-reachable.ts";

export interface ActorOptions<S, C extends NamedCommand, E extends StoredEvent> {
  /** The namespace may be `*` when the aggregate is there already. */
  readonly ref: AggregateRef;
  readonly kind: Kind<S, C, E>;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly chance: Chance;
  /** This requester's id. */
  readonly by: string;
  /** The lease's fencing number; 0 for a commit without a lease. */
  readonly epoch: number;
  /**
   * An owner retries until the log answers. Without a lease a command fails when the log does not answer, or after some conflicts.
   */
  readonly isOwner: boolean;
  /** What may be written at the cluster's feature level; everything when left out. */
  readonly features?: Pick<FeatureGate, "demandSupport" | "rejectionOf">;
  /** Called in order for every commit that is folded in, own or not. */
  readonly onCommit: (move: Move<S>) => void;
  /** Called when the aggregate's log cannot be read. */
  readonly onUnreadable?: (failure: unknown) => void;
  /** Called when nothing is being decided and nothing waits. */
  readonly onIdle?: () => void;
}

/** One commit folded in. */
export interface Move<S> {
  readonly before: S | undefined;
  readonly after: S;
  readonly stored: StoredCommit;
  /** This actor has just appended it. */
  readonly isOwn: boolean;
}

// Conflicts in a row after which something else is wrong: with a few requesters one is rare.
const conflictsMax = 5;

/** One aggregate in memory, and the one place where this process loads it, decides about it and appends to it. */
export class AggregateActor<S, C extends NamedCommand, E extends StoredEvent> {
  readonly #options: ActorOptions<S, C, E>;
  readonly #mailbox: Mailbox<C>;
  #open = true;
  /** Ends a pause early. Rarely there: making one costs more than a decision. */
  #endPause: (() => void) | undefined;
  #aggregate: Aggregate<S> = noAggregate;
  /** Settles when nothing waits any more; undefined while nothing is done. */
  #working: Promise<void> | undefined;
  /** Commits that arrived while a commit of ours was under way. */
  #arrived: StoredCommit[] = [];

  constructor(options: ActorOptions<S, C, E>) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.ref.id);
  }

  /** As its commits name it; before the first one as it was asked for. */
  get ref(): AggregateRef {
    return this.#aggregate.ref ?? this.#options.ref;
  }

  get kind(): Kind<S, C, E> {
    return this.#options.kind;
  }

  state(): S | undefined {
    return this.#aggregate.state;
  }

  /** The log position up to which the aggregate is known here; 0 before its first commit. */
  headSeq(): number {
    return this.#aggregate.head.seq;
  }

  /** False once another requester may decide about the aggregate. */
  isOpen(): boolean {
    return this.#open;
  }

  isIdle(): boolean {
    return this.#working === undefined && this.#mailbox.isEmpty();
  }

  /**
   * Decides a command on the latest state and appends what follows. Rejects with a Fault when the actor closes, the log cannot be read
   * or the decision cannot be stored.
   */
  command(given: Given<C>): Promise<CommandReply> {
    const reply = this.#mailbox.put(given);
    this.#work();
    return reply;
  }

  /**
   * Folds in a commit that is in the log; late and doubled ones change nothing. Resolves when it, and whatever was under way, has been
   * folded in.
   */
  async absorb(stored: StoredCommit): Promise<void> {
    if (stored.seq <= this.headSeq() || !this.#open) return;
    if (this.#working === undefined && stored.commit.prev === this.#aggregate.head.hash) {
      this.#apply(stored);
      return;
    }
    // A commit of ours is under way, or there is a gap, whatever its reason: the log knows.
    this.#arrived.push(stored);
    this.#work();
    await this.#working;
  }

  /** Reads what the log holds beyond what is known here; says whether that was anything. Throws the log's Faults. */
  async refresh(): Promise<boolean> {
    const before = this.headSeq();
    for (const stored of await this.#options.log.load(this.ref, before)) this.#apply(stored);
    return this.headSeq() > before;
  }

  close(): void {
    this.#open = false;
    this.#endPause?.();
    this.#mailbox.close();
  }

  #apply(stored: StoredCommit, isOwn = false): void {
    if (stored.seq <= this.headSeq()) return;
    const before = this.#aggregate.state;
    this.#aggregate = applyCommit<S>(this.kind as Kind<S>, this.#aggregate, stored);
    const after = this.#aggregate.state;
    if (after !== undefined) this.#options.onCommit({ before, after, stored, isOwn });
  }

  /** Starts to work unless that is being done. One worker, so that one commit is under way at a time. */
  #work(): void {
    this.#working ??= this.#untilNothingWaits();
  }

  async #untilNothingWaits(): Promise<void> {
    let most: number | undefined;
    let failures = 0;
    await undefined; // Commands given in the same tick share a commit, and a re-entrant command finds the worker at work.
    try {
      while (this.#open && !(this.#mailbox.isEmpty() && this.#arrived.length === 0)) {
        const batch = this.#mailbox.take(most);
        most = undefined;
        try {
          await this.#settleArrived();
          await this.#decide(batch);
          failures = 0;
        } catch (failure) {
          endOnBug(failure);
          // Too much for one commit together: in halves, so that one that is too large by itself takes no other with it.
          if (batch.length > 1 && causeOf(failure).code === "TOO_LARGE") {
            most = Math.ceil(batch.length / 2);
            this.#mailbox.putBack(batch);
          } else if (await this.#mayRetry(failure, failures++)) this.#mailbox.putBack(batch);
          else this.#fail(failure, batch);
        }
      }
    } finally {
      // In the same tick as the last look: a command that came between the two would find a worker that has gone.
      this.#working = undefined;
      this.#options.onIdle?.();
    }
  }

  async #decide(batch: readonly Pending<C>[]): Promise<void> {
    const { kind, clock, log, features } = this.#options;
    features?.demandSupport();
    const { head, at, commandIds } = this.#aggregate;
    const now = Math.max(clock.now(), at);
    const events: E[] = [];
    const replies: CommandReply[] = [];
    let draft = this.#aggregate.state;
    for (const [index, { command, id }] of batch.entries()) {
      const knownAt = id === undefined ? undefined : commandIds.get(id);
      if (knownAt !== undefined) {
        replies.push({ ok: true, seq: knownAt, changed: true });
        continue;
      }
      const decision = this.#allowed(kind.decide(draft, command, now));
      replies.push(decision.ok ? { ok: true, seq: head.seq, changed: decision.events.length > 0 } : decision);
      if (!decision.ok) continue;
      events.push(...decision.events);
      if (index < batch.length - 1) draft = this.#evolved(draft, decision.events, now);
    }
    let stored: StoredCommit | undefined;
    if (events.length > 0) {
      const commit = this.#commitOf(events, batch, now);
      stored = { aggregate: this.ref, ...(await log.append(this.ref, head, commit)), commit };
    }
    // Replies first: a callback that fails afterwards is our bug, and no failure of the command.
    for (const [index, { settle }] of batch.entries()) {
      const reply = replies[index] ?? { ok: true, seq: head.seq, changed: false };
      settle(reply.ok && reply.changed && stored !== undefined ? { ...reply, seq: stored.seq } : reply);
    }
    if (stored !== undefined) this.#apply(stored, true);
  }

  #allowed(decision: Decision<E>): Decision<E> {
    if (!decision.ok || decision.events.length === 0) return decision;
    const { kind, features } = this.#options;
    const rejection = features?.rejectionOf(kind as AnyKind, decision.events);
    return rejection === undefined ? decision : { ok: false, rejection };
  }

  #evolved(draft: S | undefined, events: readonly E[], now: number): S | undefined {
    const moment = { at: now, seq: 0, fresh: new Set<object>() };
    return events.reduce((state, event) => this.kind.evolve(state, event, moment), draft);
  }

  #commitOf(events: readonly E[], batch: readonly Pending<C>[], now: number): Commit<E> {
    const { by, epoch, chance } = this.#options;
    const [first] = batch;
    // A burst of reports may join many names; the first 200 characters say enough.
    const command = batch
      .map((each) => each.command.name)
      .join("+")
      .slice(0, 200);
    return {
      v: commitVersion,
      id: chance.uuid(),
      at: now,
      by,
      actor: first?.actor ?? { type: "requester", id: by },
      cause: { command, ...(first?.id === undefined ? {} : { id: first.id }) },
      epoch,
      prev: this.#aggregate.head.hash,
      events,
    };
  }

  /** After a failure: whether the same commands should be decided again, on what the log holds by then. */
  async #mayRetry(failure: unknown, failures: number): Promise<boolean> {
    const { isOwner } = this.#options;
    const { code } = causeOf(failure);
    if (code !== "REVISION_CONFLICT" && code !== "LOG_UNREACHABLE") return false;
    if (!isOwner && (code === "LOG_UNREACHABLE" || failures + 1 >= conflictsMax)) return false;
    const waitMs = Math.min(retryMs.first * 2 ** failures, retryMs.max);
    if (code === "LOG_UNREACHABLE") await this.#pause(waitMs);
    try {
      const hasMoved = await this.refresh();
      // A conflict with nothing: no other requester is ahead of us, so trying at once would turn in circles.
      if (code !== "REVISION_CONFLICT" || hasMoved) return true;
      await this.#pause(waitMs);
      return failures + 1 < conflictsMax;
    } catch (again) {
      endOnBug(again);
      const isAway = causeOf(again).code === "LOG_UNREACHABLE";
      if (!isAway) this.#options.onUnreadable?.(again);
      return isAway && isOwner;
    }
  }

  #fail(failure: unknown, batch: readonly Pending<C>[]): void {
    this.#arrived = []; // What cannot be folded in will not be by trying again.
    const { code } = causeOf(failure);
    if (code === "LOG_NEWER" || code === "LOG_DAMAGED") this.#options.onUnreadable?.(failure);
    for (const { fail } of batch) fail(failure);
  }

  async #pause(waitMs: number): Promise<void> {
    if (!this.#open) return;
    const end = new AbortController();
    this.#endPause = () => end.abort();
    await pause(this.#options.clock, waitMs, end.signal);
    this.#endPause = undefined;
  }

  async #settleArrived(): Promise<void> {
    const late = this.#arrived.filter(({ seq }) => seq > this.headSeq()).sort((a, b) => a.seq - b.seq);
    for (const stored of late) {
      if (stored.commit.prev === this.#aggregate.head.hash) this.#apply(stored);
      else await this.refresh();
    }
    this.#arrived = this.#arrived.filter(({ seq }) => seq > this.headSeq());
  }
}

/** A Bug is never handled: it ends the process, and a new one starts from the log. */
function endOnBug(failure: unknown): void {
  if (!(failure instanceof Bug)) return;
  queueMicrotask(() => {
    throw failure;
  });
}
