import {
  causeOf,
  Fault,
  isOver,
  type Job,
  type JobCommand,
  type JobEvent,
  jobViews,
  type Lease,
  pause,
  type ReceivedReport,
  type StoredCommit,
} from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";
import { jobCraft } from "./craft.ts";
import { decideReport } from "./decide-report.ts";
import { Desk, type Move } from "./desk.ts";
import type { JobDesk } from "./job-desk.ts";
import type { JobKeeper } from "./job-keeper.ts";
import { Progress } from "./progress.ts";
import { Projector } from "./projector.ts";
import { Showing } from "./showing.ts";
import { untilReachable } from "./until-reachable.ts";

export interface ShardOptions {
  readonly ports: RequesterPorts;
  readonly keeper: JobKeeper;
  /** This requester's id. */
  readonly by: string;
  readonly lease: Lease;
  /** How often at most the shard says how far it has come, milliseconds. */
  readonly checkpointMs: number;
  /** A commit about a node of this shard stands in the log; resolves once it has been shown. */
  readonly nodeMoved: (stored: StoredCommit) => Promise<void>;
}

// A write takes milliseconds; whoever stops does not wait for views that do not answer, as the next owner shows all again.
const showMs = 1_000;

// Jobs that a takeover reads at once: enough to hide the round trips, few enough to leave the log's server air.
const openingAtOnce = 64;

/** One slice of all jobs, while this requester owns it: what it decides is appended, shown, announced and kept going. */
export class Shard {
  readonly lease: Lease;
  readonly #options: ShardOptions;
  readonly #projector: Projector;
  readonly #desks = new Map<string, JobDesk>();
  readonly #opening = new Map<string, Promise<JobDesk>>();
  /** The last write of each job's views; a job leaves memory when it is over and this is done. */
  readonly #shown: Showing;
  /** Jobs that left memory before the log told of their last commit: what it still tells of them is known. */
  readonly #retired = new Map<string, number>();
  readonly #closers: { close(): Promise<void> }[] = [];
  #progress: Progress;
  #closed = new AbortController();
  /** How far the log has been told. */
  #toldSeq = 0;
  /** Where the log ended when the shard was opened: what lies before is read as a whole, what comes after as it comes. */
  #openedAt = 0;

  constructor(options: ShardOptions) {
    this.lease = options.lease;
    this.#options = options;
    this.#projector = new Projector(options.ports.views, options.ports.clock);
    this.#shown = new Showing((jobId, failure) => this.#warn({ jobId }, failure, "a view could not be written"));
    this.#progress = this.#progressFrom({ eventsSeq: 0, reportsSeq: 0 });
  }

  /** Finds what is under way and takes it up. Throws a Fault when the log does not answer. */
  async open(): Promise<void> {
    const { log, checkpoints, catalog, reports } = this.#options.ports;
    const { shard } = this.lease;
    this.#openedAt = await log.lastSeq();
    const from = await checkpoints.load(shard);
    this.#progress = this.#progressFrom(from);
    await catalog.caughtUp();
    const unfinished = catalog.openJobs(shard);
    for (let first = 0; first < unfinished.length && !this.#closed.signal.aborted; first += openingAtOnce) {
      const some = unfinished.slice(first, first + openingAtOnce);
      await Promise.all(some.map(({ namespace, jobId }) => this.#deskOf({ kind: "job", namespace, id: jobId })));
    }
    const knows = (id: string, seq: number) => this.#knows(id, seq);
    await this.#keep(log.follow({ shard, knows }, from.eventsSeq, (stored) => this.#deliver(stored)));
    await this.#keep(reports.follow(shard, from.reportsSeq, (report) => this.#hear(report)));
  }

  /** A commit that this process appended by other means; the same will come from the log. */
  noticed(stored: StoredCommit): void {
    if (this.#closed.signal.aborted) return;
    this.#takeIn(stored).catch(() => undefined); // The log will tell it again.
  }

  /** Looks at every job that is under way. */
  lookAtAll(): void {
    for (const desk of this.#desks.values()) this.#options.keeper.look(desk);
  }

  /** Every job in memory. */
  *jobs(): Iterable<Job> {
    for (const desk of this.#desks.values()) {
      const job = desk.state();
      if (job !== undefined) yield job;
    }
  }

  /** Jobs in memory now. */
  size(): number {
    return this.#desks.size;
  }

  /** Shows what is known by now, unless the views do not answer soon: for who leaves in order. */
  async show(): Promise<void> {
    const done = new AbortController();
    const late = pause(this.#options.ports.clock, showMs, done.signal);
    await Promise.race([this.#projector.flush(), late]).finally(() => done.abort());
  }

  /** Lets go of everything at once; the next owner goes on. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#projector.close();
    for (const [id, desk] of this.#desks) {
      this.#options.keeper.forget(id);
      desk.close();
    }
    this.#desks.clear();
    await this.#progress.close();
    await Promise.all(this.#closers.map((each) => each.close()));
  }

  #progressFrom(from: { readonly eventsSeq: number; readonly reportsSeq: number }): Progress {
    const { ports, checkpointMs } = this.#options;
    return new Progress({ ports, shard: this.lease.shard, everyMs: checkpointMs }, from);
  }

  async #keep(following: Promise<{ close(): Promise<void> }>): Promise<void> {
    const closer = await following;
    if (this.#closed.signal.aborted) await closer.close();
    else this.#closers.push(closer);
  }

  #deliver(stored: StoredCommit): void {
    const { id, kind } = stored.aggregate;
    if (this.#closed.signal.aborted) return;
    this.#toldSeq = stored.seq;
    if (kind === "node") {
      this.#countWhen(this.#options.nodeMoved(stored), stored.seq);
      return;
    }
    const takenIn = this.#takeIn(stored)
      .then(() => this.#shown.of(id))
      .catch((failure: unknown) =>
        this.#warn({ jobId: id, seq: stored.seq }, failure, "a commit could not be taken in"),
      );
    this.#countWhen(takenIn, stored.seq);
  }

  /** What this shard wrote itself, or has taken in by another way, need not be read again; only its showing is waited for. */
  #knows(id: string, seq: number): boolean {
    const known = this.#desks.get(id)?.knownSeq() ?? this.#retired.get(id) ?? 0;
    if (this.#closed.signal.aborted || seq > known) return false;
    this.#toldSeq = seq;
    if (this.#retired.get(id) === seq) this.#retired.delete(id);
    this.#countWhen(this.#shown.of(id), seq);
    return true;
  }

  /** Counts a position as worked off once `shown` settles. */
  #countWhen(shown: Promise<void> | undefined, seq: number): void {
    const end = this.#progress.events.begin(seq);
    this.#progress.moved();
    if (shown === undefined) {
      end();
      return;
    }
    void shown.finally(() => {
      // A shard that was closed meanwhile has not shown it: the next owner must.
      if (!this.#closed.signal.aborted) end();
    });
  }

  async #takeIn(stored: StoredCommit): Promise<void> {
    const { aggregate, commit, seq } = stored;
    const isNew = commit.prev === "" && seq > this.#openedAt && !this.#opening.has(aggregate.id);
    const desk =
      this.#desks.get(aggregate.id) ??
      (isNew ? this.#enter(this.#newDesk(aggregate, () => true)) : await this.#deskOf(aggregate));
    await desk.absorb(stored);
  }

  #hear(received: ReceivedReport): void {
    if (this.#closed.signal.aborted) return;
    const { reports, clock, diary } = this.#options.ports;
    const end = this.#progress.reports.begin(received.seq);
    this.#progress.moved();
    const deskOf = (ref: AggregateRef) => this.#deskOf(ref);
    decideReport({ deskOf, reports, clock, diary, signal: this.#closed.signal }, received)
      .then((isDone) => isDone && !this.#closed.signal.aborted && end())
      .catch((failure: unknown) => this.#warn({ seq: received.seq }, failure, "a report could not be worked off"));
  }

  #newDesk(ref: AggregateRef, shows: () => boolean): JobDesk {
    const { ports, by } = this.#options;
    const { log, clock, chance } = ports;
    const desk: JobDesk = new Desk<Job, JobCommand, JobEvent>({
      ref,
      craft: jobCraft,
      log,
      clock,
      chance,
      by,
      epoch: this.lease.epoch,
      changed: (move) => {
        if (shows()) this.#changed(desk, move);
      },
      rested: () => {
        if (this.#shown.of(ref.id) === undefined) this.#retire(desk);
      },
    });
    return desk;
  }

  #changed(desk: JobDesk, { before, after, stored }: Move<Job>): void {
    if (this.#closed.signal.aborted) return;
    this.#show(desk, this.#projector.project(jobViews, { before, after, seq: stored.seq }));
    this.#options.ports.feed.announce(stored);
    this.#options.keeper.look(desk);
  }

  #show(desk: JobDesk, write: Promise<void>): void {
    this.#shown.add(desk.ref.id, write, () => this.#retire(desk));
  }

  #enter(desk: JobDesk): JobDesk {
    this.#desks.set(desk.ref.id, desk);
    return desk;
  }

  /** Lets a job go once it is over, shown, and nobody waits for an answer about it. */
  #retire(desk: JobDesk): void {
    const { id } = desk.ref;
    const job = desk.state();
    if (job === undefined || !isOver(job) || !desk.idle() || this.#desks.get(id) !== desk) return;
    this.#desks.delete(id);
    if (desk.knownSeq() > this.#toldSeq) this.#retired.set(id, desk.knownSeq());
    this.#options.keeper.forget(id);
    desk.close();
  }

  /** The desk of a job, read from the log when it is not in memory. */
  #deskOf(ref: AggregateRef): Promise<JobDesk> {
    const known = this.#desks.get(ref.id);
    if (known !== undefined) return Promise.resolve(known);
    const begun = this.#opening.get(ref.id) ?? this.#read(ref).finally(() => this.#opening.delete(ref.id));
    this.#opening.set(ref.id, begun);
    return begun;
  }

  async #read(ref: AggregateRef): Promise<JobDesk> {
    let reading = true;
    const desk = this.#newDesk(ref, () => !reading);
    const { clock } = this.#options.ports;
    const read = () => desk.refresh().then(() => true);
    if ((await untilReachable(read, { clock, signal: this.#closed.signal })) === undefined) {
      throw new Fault("LOG_UNREACHABLE", `${ref.id} is no longer decided here`);
    }
    reading = false;
    const job = desk.state();
    if (job === undefined || this.#closed.signal.aborted) return desk;
    this.#enter(desk);
    this.#show(desk, this.#projector.reshow(job));
    this.#options.keeper.look(desk);
    return desk;
  }

  #warn(facts: object, failure: unknown, sentence: string): void {
    if (!this.#closed.signal.aborted) this.#options.ports.diary.warn({ ...facts, ...causeOf(failure) }, sentence);
  }
}
