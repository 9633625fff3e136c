import {
  type Aggregate,
  applyCommit,
  Bug,
  type CommandReply,
  causeOf,
  type Decision,
  type Kind,
  type NamedCommand,
  noAggregate,
  pause,
  type StoredCommit,
} from "@shoal/core";
import type { AggregateRef, StoredEvent } from "@shoal/proto";
import type { ActorOptions } from "./actor-options.ts";
import { AppendRetries } from "./append-retries.ts";
import { type IssuedCommand, Mailbox, type PendingCommand } from "./mailbox.ts";
import { newCommit } from "./new-commit.ts";
import { isUnreadable } from "./quarantine.ts";

/** One aggregate in memory, and the one place where this process loads it, decides about it and appends to it. */
export class AggregateActor<S, C extends NamedCommand, E extends StoredEvent> {
  readonly #options: ActorOptions<S, C, E>;
  readonly #mailbox: Mailbox<C>;
  #open = true;
  /** Ends a pause early. Rarely set: creating one costs more than a decision. */
  #endPause: (() => void) | undefined;
  #aggregate: Aggregate<S> = noAggregate;
  /** Settles when no command waits; undefined while the actor is idle. */
  #working: Promise<void> | undefined;
  /** Commits that arrived while a commit of this actor was in progress. */
  #arrived: StoredCommit[] = [];
  readonly #retry: AppendRetries;

  constructor(options: ActorOptions<S, C, E>) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.ref.id);
    this.#retry = new AppendRetries(options);
  }

  /** The reference of its commits; before the first one, the reference that was requested. */
  get ref(): AggregateRef {
    return this.#aggregate.ref ?? this.#options.ref;
  }

  get kind(): Kind<S, C, E> {
    return this.#options.kind;
  }

  state(): S | undefined {
    return this.#aggregate.state;
  }

  /** The log position up to which the aggregate is folded; 0 before its first commit. */
  headSeq(): number {
    return this.#aggregate.head.seq;
  }

  /** The time at which it decides: never before its last commit, which a requester with a clock ahead may have dated. */
  now(): number {
    return Math.max(this.#options.clock.now(), this.#aggregate.at);
  }

  /** False once another requester may decide about the aggregate. */
  isOpen(): boolean {
    return this.#open;
  }

  isIdle(): boolean {
    return this.#working === undefined && this.#mailbox.isEmpty();
  }

  /**
   * Decides a command on the latest state and appends the resulting events. Rejects with a Fault when the actor closes,
   * the log cannot be read or the decision cannot be stored.
   */
  command(given: IssuedCommand<C>): Promise<CommandReply> {
    const reply = this.#mailbox.put(given);
    this.#work();
    return reply;
  }

  /**
   * Folds in a commit that is in the log; late and duplicate ones change nothing. Resolves when it, and any commit in
   * progress, has been folded in.
   */
  async absorb(stored: StoredCommit): Promise<void> {
    if (stored.seq <= this.headSeq() || !this.#open) return;
    if (this.#working === undefined && stored.commit.prev === this.#aggregate.head.hash) {
      this.#apply(stored);
      return;
    }
    // A commit of this actor is in progress, or there is a gap for any reason: the log has the missing commits.
    this.#arrived.push(stored);
    this.#work();
    await this.#working;
  }

  /** Reads the commits after the last folded one; returns whether there were any. Throws the log's Faults. */
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

  /** Starts the worker unless it runs. There is one worker, so that one commit is in progress at a time. */
  #work(): void {
    if (this.#working !== undefined) return;
    this.#options.onBusy?.();
    this.#working = this.#untilNothingWaits();
  }

  async #untilNothingWaits(): Promise<void> {
    let most: number | undefined;
    await undefined; // Commands issued in the same tick share a commit, and a re-entrant command finds the worker running.
    try {
      while (this.#open && !(this.#mailbox.isEmpty() && this.#arrived.length === 0)) {
        const batch = this.#mailbox.take(most);
        most = undefined;
        try {
          await this.#settleArrived();
          await this.#decide(batch);
          this.#retry.reset();
        } catch (failure) {
          endOnBug(failure);
          // Too large for one commit: split in halves, so that a command that is too large by itself fails alone.
          if (batch.length > 1 && causeOf(failure).code === "TOO_LARGE") {
            most = Math.ceil(batch.length / 2);
            this.#mailbox.putBack(batch);
            continue;
          }
          const end = await this.#endAfter(failure);
          if (end === undefined) this.#mailbox.putBack(batch);
          else this.#fail(end.failure, batch);
        }
      }
    } finally {
      // In the same tick as the last check: a command that arrives between the two would find no worker.
      this.#working = undefined;
      this.#options.onIdle?.();
    }
  }

  async #decide(batch: readonly PendingCommand<C>[]): Promise<void> {
    const { kind, log, features } = this.#options;
    features?.demandSupport();
    const { head, commandIds } = this.#aggregate;
    const now = this.now();
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
      const commit = newCommit(events, batch, { ...this.#options, at: now, prev: head.hash });
      stored = { aggregate: this.ref, ...(await log.append(this.ref, head, commit)), commit };
    }
    // Replies first: a callback that throws afterwards does not fail the command.
    for (const [index, { settle }] of batch.entries()) {
      const reply = replies[index] ?? { ok: true, seq: head.seq, changed: false };
      settle(reply.ok && reply.changed && stored !== undefined ? { ...reply, seq: stored.seq } : reply);
    }
    if (stored !== undefined) this.#applyOwn(stored);
  }

  /** An error here must not cause a second decision of the commands: they are in the log. */
  #applyOwn(stored: StoredCommit): void {
    try {
      this.#apply(stored, true);
    } catch (failure) {
      endOnBug(failure);
      if (isUnreadable(failure)) this.#options.onUnreadable?.(failure);
      else this.#options.onFailed?.(failure);
    }
  }

  #allowed(decision: Decision<E>): Decision<E> {
    if (!decision.ok || decision.events.length === 0) return decision;
    const { kind, features } = this.#options;
    const rejection = features?.rejectionOf(kind as Kind, decision.events);
    return rejection === undefined ? decision : { ok: false, rejection };
  }

  #evolved(draft: S | undefined, events: readonly E[], now: number): S | undefined {
    const moment = { at: now, seq: 0, fresh: new Set<object>() };
    return events.reduce((state, event) => this.kind.evolve(state, event, moment), draft);
  }

  /**
   * After a failure: undefined when the same commands should be decided again, on the current state of the log; else
   * the failure to answer with, which is the log's when it no longer answers.
   */
  async #endAfter(failure: unknown): Promise<{ readonly failure: unknown } | undefined> {
    const { code } = causeOf(failure);
    try {
      if (code === "REVISION_CONFLICT") return (await this.#afterConflict()) ? undefined : { failure };
      const waitMs = code === "LOG_UNREACHABLE" ? this.#retry.afterSilence() : undefined;
      if (waitMs === undefined) return { failure };
      await this.#pause(waitMs);
      await this.refresh();
      return undefined;
    } catch (error) {
      endOnBug(error);
      if (isUnreadable(error)) this.#options.onUnreadable?.(error);
      const isAway = causeOf(error).code === "LOG_UNREACHABLE";
      return this.#options.isOwner && isAway ? undefined : { failure: isAway ? error : failure };
    }
  }

  async #afterConflict(): Promise<boolean> {
    const retry = this.#retry.afterConflict();
    if (retry === undefined) return false;
    if (retry.beforeMs > 0) await this.#pause(retry.beforeMs);
    if (await this.refresh()) return true;
    // A conflict without any new commit: no other requester is ahead, so an immediate retry would loop.
    if (retry.idleMs !== undefined) await this.#pause(retry.idleMs);
    return retry.idleMs !== undefined;
  }

  #fail(failure: unknown, batch: readonly PendingCommand<C>[]): void {
    this.#retry.reset();
    if (isUnreadable(failure)) this.#options.onUnreadable?.(failure);
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
    this.#arrived = [];
    for (const [index, stored] of late.entries()) {
      try {
        if (stored.commit.prev === this.#aggregate.head.hash) this.#apply(stored);
        else await this.refresh();
      } catch (failure) {
        // A commit that cannot be folded in will fail on every retry; one that cannot be read now, and the commits
        // after it, will be read later.
        const isAway = causeOf(failure).code === "LOG_UNREACHABLE" && this.#options.isOwner;
        this.#arrived.push(...late.slice(isAway ? index : index + 1));
        throw failure;
      }
    }
  }
}

/** A Bug is never handled: it ends the process, and a new process starts from the log. */
function endOnBug(failure: unknown): void {
  if (!(failure instanceof Bug)) return;
  queueMicrotask(() => {
    throw failure;
  });
}
