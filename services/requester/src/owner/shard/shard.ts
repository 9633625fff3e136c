import {
  type CommandEnvelope,
  type CommandReply,
  causeOf,
  type Kinds,
  type Lease,
  pause,
  type ReceivedReport,
  readOpenEntry,
  resultWithin,
  type StoredCommit,
  viewBuckets,
} from "@shoal/core";
import { buckets } from "@shoal/proto";
import type { RequesterPorts } from "../../ports.ts";
import type { AnyActor } from "../aggregate/actors.ts";
import type { FeatureGate } from "../aggregate/feature-gate.ts";
import type { AddressedCommand } from "../aggregate/mailbox.ts";
import type { Quarantined } from "../aggregate/quarantine.ts";
import type { Reconciler } from "../aggregate/reconciler.ts";
import { Projector } from "../views/projector.ts";
import { readEntries } from "../views/read-entries.ts";
import { ViewPositions } from "../views/view-positions.ts";
import { Aggregates } from "./aggregates.ts";
import { decideReport } from "./decide-report.ts";
import { FlowControl } from "./room.ts";
import { serveCommands } from "./serve-commands.ts";

export interface ShardOptions {
  readonly ports: RequesterPorts;
  readonly kinds: Kinds;
  readonly reconciler: Reconciler;
  /** This requester's id. */
  readonly by: string;
  readonly features: FeatureGate;
  readonly lease: Lease;
  /** The minimum time between two saves of the shard's positions, milliseconds. */
  readonly positionsMs: number;
  /** Reports of this node are refused; those of every node are decided when left out. */
  readonly isExcluded?: (nodeId: string) => boolean;
}

// A write takes milliseconds. A clean stop does not wait for views that do not answer, as the next owner writes them.
const flushMs = 1_000;

// Aggregates that a takeover loads concurrently: enough to hide the round trips, few enough for the NATS server.
const openingAtOnce = 64;

// Unprojected commits, and undecided reports, at which reading pauses: a burst fits, a catch-up does not fill the
// memory.
const followedMax = 1_024;

// The pause between two attempts to rebuild a bucket.
const rebuildPauseMs = 5_000;

/** One slice of all aggregates, while this requester owns it: decided here, appended, projected and reconciled. */
export class Shard {
  readonly lease: Lease;
  readonly #options: ShardOptions;
  readonly #projector: Projector;
  readonly #positions: ViewPositions;
  readonly #aggregates: Aggregates;
  readonly #rebuilding = new Set<string>();
  readonly #closers: { close(): Promise<void> }[] = [];
  readonly #closed = new AbortController();
  readonly #commitRoom: FlowControl;
  readonly #reportRoom: FlowControl;

  constructor(options: ShardOptions) {
    const { ports, kinds, lease, positionsMs: everyMs } = options;
    this.lease = lease;
    this.#options = options;
    this.#projector = new Projector({ ...ports, beforeWrite: (bucket) => this.#positions.beforeWrite(bucket) });
    this.#positions = new ViewPositions({
      ports,
      shard: lease.shard,
      buckets: viewBuckets(kinds).map(({ name }) => name),
      everyMs,
      open: () => this.size(),
      onMissing: (bucket) => void this.#rebuild(bucket),
    });
    this.#commitRoom = new FlowControl(() => this.#positions.events.pending(), followedMax);
    this.#reportRoom = new FlowControl(() => this.#positions.reports.pending(), followedMax);
    this.#aggregates = new Aggregates({
      ...options,
      projector: this.#projector,
      epoch: lease.epoch,
      projectedSeq: () => this.#positions.events.done(),
      onSize: () => this.#positions.moved(),
    });
  }

  /** Finds the open aggregates and loads them. Throws a Fault when the log does not answer or is damaged as a whole. */
  async open(): Promise<void> {
    const { ports, kinds } = this.#options;
    const { shard } = this.lease;
    const endSeq = await ports.log.lastSeq();
    const { eventsSeq, reportsSeq } = await this.#positions.load(endSeq);
    this.#aggregates.begin(eventsSeq, endSeq);
    for (const bucket of this.#positions.missing()) void this.#rebuild(bucket);
    await this.#takeUpOpen();
    const reading = {
      unreadable: (message: Parameters<Aggregates["onUnreadable"]>[0]) => {
        if (!this.#closed.signal.aborted) this.#countWhen(this.#aggregates.onUnreadable(message), message.seq);
      },
      room: () => this.#commitRoom.wait(),
    };
    const knows = (seq: number) => this.#knows(seq);
    await this.#keep(ports.log.follow({ shard, knows }, eventsSeq, (stored) => this.#deliver(stored), reading));
    const room = () => this.#reportRoom.wait();
    await this.#keep(ports.reports.follow(shard, reportsSeq, (report) => this.#onReport(report), { room }));
    const command = (envelope: CommandEnvelope) => this.command(envelope);
    await this.#keep(serveCommands(ports.commands, { shard, kinds, command }));
  }

  /** Decides a command on an aggregate of this shard. Rejects with the log's Faults. */
  async command(given: AddressedCommand): Promise<CommandReply> {
    this.#options.features.demandSupport();
    return await this.#aggregates.command(given);
  }

  /** A commit that this process appended without the lease; the log will deliver it too. */
  onAppended(stored: StoredCommit): void {
    this.#aggregates.onAppended(stored);
  }

  /** The aggregates in memory of which something is live on a node. */
  on(nodeId: string): readonly AnyActor[] {
    return this.#aggregates.on(nodeId);
  }

  /** Every aggregate in memory. */
  actors(): Iterable<AnyActor> {
    return this.#aggregates;
  }

  size(): number {
    return this.#aggregates.size;
  }

  quarantined(): readonly Quarantined[] {
    return this.#aggregates.quarantined();
  }

  /** Buckets whose part of this shard is being rebuilt. */
  rebuilding(): readonly string[] {
    return [...this.#rebuilding];
  }

  /** Checks that every bucket exists. Throws Fault LOG_UNREACHABLE. */
  verifyBuckets(): Promise<void> {
    return this.#positions.verify();
  }

  /** Writes pending changes into the views, with a time limit. For a clean stop. */
  async flush(): Promise<void> {
    await resultWithin(this.#projector.flush(), { clock: this.#options.ports.clock, limitMs: flushMs });
  }

  /** Releases everything at once; the next owner continues. */
  async close(): Promise<void> {
    this.#closed.abort();
    // Before the aggregates are dropped: the saved position contains the number of open aggregates.
    const saved = this.#positions.close();
    this.#projector.close();
    this.#aggregates.close();
    this.#commitRoom.close();
    this.#reportRoom.close();
    await saved;
    await Promise.all(this.#closers.map((each) => each.close()));
  }

  async #keep(following: Promise<{ close(): Promise<void> }>): Promise<void> {
    const closer = await following;
    if (this.#closed.signal.aborted) await closer.close();
    else this.#closers.push(closer);
  }

  async #takeUpOpen(): Promise<void> {
    const { views, clock } = this.#options.ports;
    const { signal } = this.#closed;
    const entries = await readEntries(views.open, { pattern: `${this.lease.shard}.>`, clock, signal });
    const open = [...entries.values()].map(readOpenEntry).filter((entry) => entry !== undefined);
    for (let first = 0; first < open.length && !signal.aborted; first += openingAtOnce)
      await Promise.all(open.slice(first, first + openingAtOnce).map((entry) => this.#aggregates.takeUp(entry)));
  }

  #deliver(stored: StoredCommit): void {
    if (!this.#closed.signal.aborted) this.#countWhen(this.#aggregates.deliver(stored), stored.seq);
  }

  #knows(seq: number): boolean {
    const known = this.#closed.signal.aborted ? undefined : this.#aggregates.known(seq);
    if (known !== undefined) this.#countWhen(known.projected, seq);
    return known !== undefined;
  }

  /** Counts a position as done once `projected` settles. */
  #countWhen(projected: Promise<void> | undefined, seq: number): void {
    const { events } = this.#positions;
    const end = events.begin(seq);
    const done = () => {
      // A shard that was closed meanwhile has not projected it: the next owner must.
      if (this.#closed.signal.aborted) return;
      end();
      this.#positions.moved();
      this.#commitRoom.done();
    };
    if (projected === undefined) done();
    else void projected.then(done);
  }

  #onReport(received: ReceivedReport): void {
    if (this.#closed.signal.aborted) return;
    const { reports, clock, logger } = this.#options.ports;
    const end = this.#positions.reports.begin(received.seq);
    const { isExcluded = () => false } = this.#options;
    const parts = { reports, clock, logger, isExcluded, signal: this.#closed.signal };
    decideReport({ ...parts, command: (given) => this.command(given) }, received)
      .catch((failure: unknown) => {
        // The node repeats it while its assignment exists.
        this.#warn({ seq: received.seq }, failure, "could not process a report");
        return true;
      })
      .then((isDone) => {
        if (!isDone || this.#closed.signal.aborted) return;
        end();
        this.#positions.moved();
        this.#reportRoom.done();
      });
  }

  /** Rebuilds this shard's part of a bucket in the background, until it succeeds. */
  async #rebuild(bucket: string): Promise<void> {
    const { ports } = this.#options;
    const { signal } = this.#closed;
    const { shard } = this.lease;
    if (this.#rebuilding.has(bucket) || signal.aborted) return;
    this.#rebuilding.add(bucket);
    ports.logger.warn({ shard, bucket }, "rebuilding a view from the log");
    while (!signal.aborted) {
      try {
        await ports.rebuild({ bucket, shard, signal });
        await this.#positions.rebuilt(bucket);
        if (bucket === buckets.open) await this.#takeUpOpen();
        break;
      } catch (failure) {
        this.#warn({ shard, bucket }, failure, "could not rebuild a view; retrying");
        await pause(ports.clock, rebuildPauseMs, signal);
      }
    }
    this.#rebuilding.delete(bucket);
  }

  #warn(facts: object, failure: unknown, sentence: string): void {
    if (!this.#closed.signal.aborted) this.#options.ports.logger.warn({ ...facts, ...causeOf(failure) }, sentence);
  }
}
