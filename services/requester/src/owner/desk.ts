import {
  type Chance,
  type Clock,
  causeOf,
  type EventLog,
  foldCommit,
  noTip,
  pause,
  type StoredCommit,
  type Tip,
} from "@shoal/core";
import { type AggregateRef, type Commit, commitVersion, type StoredEvent } from "@shoal/proto";
import type { Craft } from "./craft.ts";
import { Inbox, type Outcome, type Waiting } from "./inbox.ts";
import { retryMs } from "./until-reachable.ts";

export interface DeskOptions<S, C, E extends StoredEvent> {
  readonly ref: AggregateRef;
  readonly craft: Craft<S, C, E>;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly by: string;
  readonly epoch: number;
  /** Called in order for every commit that is folded in, own or not. */
  readonly changed: (move: Move<S>) => void;
  /** Called when nothing is being decided any more, and nothing waits. */
  readonly rested?: () => void;
}

/** One commit folded in. */
export interface Move<S> {
  readonly before: S | undefined;
  readonly after: S;
  readonly stored: StoredCommit;
}

/** One hot aggregate: its state in memory, and the one place where this process writes to it. */
export class Desk<S, C extends { readonly name: string }, E extends StoredEvent> {
  readonly ref: AggregateRef;
  readonly #options: DeskOptions<S, C, E>;
  readonly #inbox: Inbox<C>;
  #open = true;
  /** Ends a pause early; there is none nearly always, and making one costs more than a decision. */
  #endPause: (() => void) | undefined;
  #state: S | undefined;
  #tip: Tip = noTip;
  /** Settles when nothing waits any more; undefined while nothing is done. */
  #working: Promise<void> | undefined;
  /** Commits that arrived while a commit of ours was under way. */
  #arrived: StoredCommit[] = [];

  constructor(options: DeskOptions<S, C, E>) {
    this.ref = options.ref;
    this.#options = options;
    this.#inbox = new Inbox(options.ref.id);
  }

  state(): S | undefined {
    return this.#state;
  }

  /** The log position up to which this desk knows the aggregate. */
  knownSeq(): number {
    return this.#tip.seq;
  }

  /** This is still the place where the aggregate is decided about. */
  isOpen(): boolean {
    return this.#open;
  }

  /** Nothing is being decided and nothing waits. */
  idle(): boolean {
    return this.#working === undefined && this.#inbox.isEmpty();
  }

  /**
   * Decides a command on the latest state and appends what follows. Commands that wait for the same aggregate become one
   * commit. Tries until the log answers; rejects with a Fault only when the desk closes or the decision cannot be stored.
   */
  command(command: C): Promise<Outcome> {
    const outcome = this.#inbox.put(command);
    this.#work();
    return outcome;
  }

  /**
   * Takes in a commit that stands in the log already; late and doubled ones change nothing. Resolves when it, and
   * whatever was under way, has been folded in.
   */
  async absorb(stored: StoredCommit): Promise<void> {
    if (stored.seq <= this.#tip.seq || !this.isOpen()) return;
    if (this.#working === undefined && stored.commit.prev === this.#tip.hash) {
      this.#take(stored);
      return;
    }
    // A commit of ours is under way, or there is a gap, whatever its reason: the log knows what stands in it.
    this.#arrived.push(stored);
    this.#work();
    await this.#working;
  }

  /** Reads whatever the log holds beyond what is known here. Throws Fault LOG_UNREACHABLE when it does not answer. */
  async refresh(): Promise<void> {
    for (const stored of await this.#options.log.load(this.ref, this.#tip.seq)) this.#take(stored);
  }

  close(): void {
    this.#open = false;
    this.#endPause?.();
    this.#inbox.close();
  }

  #take(stored: StoredCommit): void {
    if (stored.seq <= this.#tip.seq) return;
    const before = this.#state;
    const after = foldCommit(this.#options.craft.evolve, before, stored);
    this.#state = after;
    this.#tip = { seq: stored.seq, hash: stored.hash };
    if (after !== undefined) this.#options.changed({ before, after, stored });
  }

  /** Starts to work unless that is being done. One worker, so that one commit is under way at a time. */
  #work(): void {
    this.#working ??= this.#untilNothingWaits();
  }

  async #untilNothingWaits(): Promise<void> {
    let waitMs: number = retryMs.first;
    let most: number | undefined;
    await undefined; // What is commanded in the same breath becomes one commit, and a command from within finds the worker at work.
    try {
      while (this.isOpen() && !(this.#inbox.isEmpty() && this.#arrived.length === 0)) {
        const batch = this.#inbox.take(most);
        most = undefined;
        try {
          await this.#settleArrived();
          await this.#decide(batch);
          waitMs = retryMs.first;
        } catch (failure) {
          // Too much for one commit together: in halves, so that one that is too large by itself takes no other with it.
          if (batch.length > 1 && causeOf(failure).code === "TOO_LARGE") {
            most = Math.ceil(batch.length / 2);
            this.#inbox.putBack(batch);
            continue;
          }
          if (await this.#recover(failure, { batch, waitMs })) this.#inbox.putBack(batch);
          waitMs = Math.min(waitMs * 2, retryMs.max);
        }
      }
    } finally {
      // In the same breath as the last look: a command that came between the two would find a worker that has gone.
      this.#working = undefined;
      this.#options.rested?.();
    }
  }

  async #decide(batch: readonly Waiting<C>[]): Promise<void> {
    const { craft, clock, log } = this.#options;
    const now = clock.now();
    const events: E[] = [];
    const outcomes: Outcome[] = [];
    let draft = this.#state;
    const moment = { at: now, seq: 0, fresh: new Set<object>() };
    for (const { command } of batch) {
      const decision = craft.decide(draft, command, now);
      outcomes.push(decision.ok ? { ok: true, changed: decision.events.length > 0 } : decision);
      if (!decision.ok) continue;
      for (const event of decision.events) draft = craft.evolve(draft, event, moment);
      events.push(...decision.events);
    }
    if (events.length > 0) {
      const commit = this.#commitOf(events, { now, cause: batch.map(({ command }) => command.name).join("+") });
      const after = await log.append(this.ref, this.#tip, commit);
      this.#take({ aggregate: this.ref, ...after, commit });
    }
    for (const [index, { settle }] of batch.entries()) settle(outcomes[index] ?? { ok: true, changed: false });
  }

  #commitOf(events: readonly E[], { now, cause }: { readonly now: number; readonly cause: string }): Commit<E> {
    const { by, epoch, chance } = this.#options;
    // A burst of reports may join many names; the first 200 characters say enough.
    return {
      v: commitVersion,
      id: chance.uuid(),
      at: now,
      by,
      actor: { type: "requester", id: by },
      cause: { command: cause.slice(0, 200) },
      epoch,
      prev: this.#tip.hash,
      events,
    };
  }

  /** After a failed write: true when the same commands should be tried again; otherwise their callers have been told. */
  async #recover(
    failure: unknown,
    { batch, waitMs }: { readonly batch: readonly Waiting<C>[]; readonly waitMs: number },
  ): Promise<boolean> {
    const { code } = causeOf(failure);
    if (code !== "REVISION_CONFLICT" && code !== "LOG_UNREACHABLE") {
      this.#arrived = []; // Whatever cannot be folded in will not be by trying again.
      for (const { fail } of batch) fail(failure);
      return false;
    }
    if (code === "LOG_UNREACHABLE") await this.#pause(waitMs);
    try {
      await this.refresh();
      return true;
    } catch (again) {
      return causeOf(again).code === "LOG_UNREACHABLE" ? true : this.#recover(again, { batch, waitMs });
    }
  }

  async #pause(waitMs: number): Promise<void> {
    if (!this.#open) return;
    const end = new AbortController();
    this.#endPause = () => end.abort();
    await pause(this.#options.clock, waitMs, end.signal);
    this.#endPause = undefined;
  }

  async #settleArrived(): Promise<void> {
    const late = this.#arrived.filter(({ seq }) => seq > this.#tip.seq).sort((a, b) => a.seq - b.seq);
    for (const stored of late) {
      if (stored.commit.prev === this.#tip.hash) this.#take(stored);
      else await this.refresh();
    }
    this.#arrived = this.#arrived.filter(({ seq }) => seq > this.#tip.seq);
  }
}
