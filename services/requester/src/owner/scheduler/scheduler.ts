import type { Logger } from "@shoal/core";
import { type BidClient, type Clock, causeOf, type Job, type Random, requirementsOf, type Slot } from "@shoal/core";
import type { NodeInfo, QueueSummary } from "@shoal/proto";
import type { Membership } from "../../nodes/membership.ts";
import type { BiddingSettings } from "./bidding-round.ts";
import type { Lane } from "./lane.ts";
import type { LaneTurn } from "./lane-turn.ts";
import { Lanes } from "./lanes.ts";
import type { Quota } from "./namespace-quotas.ts";
import { NodeRooms } from "./node-rooms.ts";
import { OtherQueues } from "./other-queues.ts";
import type { PendingEntry } from "./pending-entry.ts";
import { type PlaceOptions, type Preempt, placeEntry } from "./place-entry.ts";
import type { Placeable } from "./placeable.ts";
import { Preemption } from "./preemption.ts";
import { QuotaGate } from "./quota-gate.ts";
import { Reservations } from "./reservations.ts";
import { turnsOf } from "./turns-of.ts";
import { WaitReporter } from "./wait-reporter.ts";

export interface SchedulerOptions {
  readonly bidClient: Pick<BidClient, "ask" | "release">;
  readonly membership: Pick<Membership, "candidate" | "settled">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly auction: BiddingSettings;
  /** Sends the orders of jobs that end executions of lower priorities; required by the setting `preemption`. */
  readonly preempt?: Preempt;
  /** By namespace, `*` for the others; no quotas when left out. */
  readonly quotas?: ReadonlyMap<string, Quota>;
}

// A lane whose first entry was refused evaluates all its nodes and entries after this time, also without a heartbeat
// that showed more room.
const lookMs = 30_000;

interface LaneEntry {
  readonly entry: PendingEntry;
  lane: Lane;
  readonly pinnedTo: string | undefined;
}

/** Finds nodes for the slots of jobs. Slots without a node wait in a lane for nodes that fit and have room. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #placing: PlaceOptions;
  readonly #others = new OtherQueues();
  readonly #rooms = new NodeRooms(this.#others);
  readonly #lanes = new Lanes(this.#rooms);
  readonly #reporter: WaitReporter;
  readonly #reservations: Reservations;
  readonly #preemption: Preemption;
  readonly #gate: QuotaGate;
  /** The entries of each job, by the node that they are pinned to. */
  readonly #entries = new Map<Placeable, Map<string | undefined, LaneEntry>>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const isCandidate = (nodeId: string): boolean => options.membership.candidate(nodeId) !== undefined;
    const bidding = { ...options, rooms: this.#rooms, isCandidate };
    this.#reporter = new WaitReporter(options);
    this.#reservations = new Reservations(bidding);
    this.#preemption = new Preemption({ ...bidding, reservations: this.#reservations });
    const { clock, membership, quotas = new Map(), auction, preempt = () => undefined } = options;
    this.#placing = { bidding, reservations: this.#reservations, reporter: this.#reporter, membership, preempt };
    this.#gate = new QuotaGate({
      ...{ quotas, others: this.#others, clock, reserveAfterMs: auction.reserveAfterMs },
      resume: (entry) => this.#resume(entry),
    });
  }

  /** The slots that the job needs filled now; they replace the previous ones. Cheap when nothing changed. */
  request(target: Placeable, slots: readonly Slot[]): void {
    if (slots.length === 0 && !this.#entries.has(target)) return;
    const groups = new Map<string | undefined, Slot[]>();
    for (const slot of slots) {
      const group = groups.get(slot.pinnedTo);
      if (group === undefined) groups.set(slot.pinnedTo, [slot]);
      else group.push(slot);
    }
    for (const [pinnedTo, member] of this.#entries.get(target) ?? []) {
      if (!groups.has(pinnedTo) || member.entry.spec !== target.state()?.header.spec) this.#drop(target, member);
    }
    for (const [pinnedTo, group] of groups) this.#requestOne(target, pinnedTo, group);
  }

  /** Removes all slots of the job. */
  remove(target: Placeable): void {
    for (const member of this.#entries.get(target)?.values() ?? []) this.#drop(target, member);
  }

  /** On a heartbeat. */
  heartbeat({ nodeId }: Pick<NodeInfo, "nodeId">): void {
    this.#refresh(nodeId, false);
  }

  /** The log records a change of the node: permanent refusals are asked again. */
  nodeChanged(nodeId: string): void {
    this.#rooms.renew(nodeId);
    this.#refresh(nodeId, true);
  }

  nodeGone(nodeId: string): void {
    if (this.#rooms.remove(nodeId)) this.#lanes.remove(nodeId);
  }

  /** What the executions of a job use of its namespace's quota. */
  used(job: Job): void {
    this.#gate.used(job);
  }

  /** The job is settled, or another requester's. */
  unused(jobId: string): void {
    this.#gate.unused(jobId);
  }

  /** What waits here and uses a quota, for the other requesters. */
  summary(): Omit<QueueSummary, "requesterId"> {
    return { queued: this.#lanes.queuedJobs(), ...this.#gate.summary() };
  }

  /** A summary of another requester. */
  onSummary(summary: QueueSummary): void {
    this.#others.put(summary, this.#options.clock.now());
  }

  /** The other requesters may use less of a quota than before. */
  retryHeld(): void {
    this.#gate.retry();
  }

  /** Every node had time to send a heartbeat: from now on "no node fits" is recorded. */
  settled(): void {
    for (const lane of [...this.#lanes.waiting()]) {
      lane.reset(this.#options.clock.now());
      this.#start(lane, true);
      this.#reportBehind(lane);
    }
  }

  /** Updates the facts of a node, and starts the entries that it has room for. */
  #refresh(nodeId: string, isRenewed: boolean): void {
    const info = this.#options.membership.candidate(nodeId);
    if (info === undefined) {
      this.nodeGone(nodeId);
      return;
    }
    const isNew = this.#rooms.put(info);
    if (isNew) this.#lanes.put(info);
    const now = this.#options.clock.now();
    const woken: Lane[] = [];
    for (const lane of this.#lanes.busyWith(nodeId)) {
      const hasRoom = lane.received(info, now);
      if (isNew || isRenewed) lane.unpark();
      if (hasRoom || isNew || isRenewed) woken.push(lane);
    }
    this.#startInTurn(woken, isNew);
  }

  #requestOne(target: Placeable, pinnedTo: string | undefined, slots: readonly Slot[]): void {
    const known = this.#entries.get(target)?.get(pinnedTo);
    if (known !== undefined) {
      if (!isSame(known.entry.slots, slots)) known.entry.slots = slots;
      return;
    }
    const job = target.state();
    const requirements = job === undefined ? undefined : requirementsOf(job.header.spec);
    if (job === undefined || requirements === undefined || !target.isOpen()) return;
    const { spec, createdAt } = job.header;
    const { namespace, priority } = spec;
    const queuedAt = this.#options.clock.now();
    // A requester whose clock was ahead dated the job: that must not make it younger than it is.
    const base = { target, spec, requirements, namespace, priority, since: Math.min(createdAt, queuedAt) };
    const entry: PendingEntry = { ...base, queuedAt, slots, refusedBy: new Map(), shortage: undefined };
    const lane = this.#lanes.laneFor(requirements, pinnedTo === undefined ? {} : { pinnedTo });
    const members = this.#entries.get(target) ?? new Map<string | undefined, LaneEntry>();
    this.#entries.set(target, members.set(pinnedTo, { entry, lane, pinnedTo }));
    lane.add(entry);
    const turn = lane.takeNew(entry);
    if (turn === undefined) this.#start(lane, false);
    else void this.#try(lane, turn);
    this.#reporter.add(entry);
    if (lane.isBlocked) this.#reportBehind(lane);
    this.#preempt(lane);
  }

  #drop(target: Placeable, { entry, lane, pinnedTo }: LaneEntry): void {
    const members = this.#entries.get(target);
    members?.delete(pinnedTo);
    if (members?.size === 0) this.#entries.delete(target);
    entry.slots = [];
    this.#reporter.remove(entry);
    this.#reservations.end(lane, entry);
    this.#gate.remove(entry);
    lane.remove(entry);
    this.#tidy(lane, pinnedTo);
  }

  /** Starts a try for every entry of the lane that can start now. */
  #start(lane: Lane, all: boolean): void {
    this.#startInTurn([lane], all);
  }

  /** Starts a try for every entry of these lanes that can start now, in one order for all of them. */
  #startInTurn(lanes: readonly Lane[], all: boolean): void {
    const now = this.#options.clock.now();
    for (const { lane, turn } of turnsOf(lanes, now, all)) void this.#try(lane, turn);
    for (const lane of lanes) this.#arm(lane);
  }

  /** Asks nodes for an entry; resolves once the result is applied. */
  async #try(lane: Lane, turn: LaneTurn): Promise<void> {
    const { entry } = turn;
    const slots = entry.slots;
    const claim = this.#gate.enter(entry, lane.slotsPerTurn);
    if (claim === undefined) {
      lane.tried(entry, "placed", false);
      this.#reporter.remove(entry);
      return;
    }
    const result = await placeEntry(this.#placing, lane, { ...turn, slotsMax: claim.slots }).catch(
      (failure: unknown) => {
        const { id } = entry.target.ref;
        this.#options.logger.warn({ jobId: id, ...causeOf(failure) }, "could not place a job; retrying");
        return "node" as const;
      },
    );
    const isOver = entry.slots.length === 0 || !entry.target.isOpen();
    // The job did not accept a placement that it still requests: no immediate retry.
    const isStuck = result === "placed" && entry.slots === slots;
    // Some of its slots have nodes: the other jobs of its namespace come first now.
    if (entry.slots !== slots) {
      this.#gate.remove(entry);
      entry.since = this.#options.clock.now();
    }
    lane.tried(entry, isStuck ? "node" : result, !isOver);
    this.#gate.leave(claim);
    this.#start(lane, false);
    if (lane.isBlocked) this.#reportBehind(lane);
    this.#preempt(lane);
  }

  /** Ends executions of lower priorities for the first entry of the lane, when that is allowed and no room is free. */
  #preempt(lane: Lane): void {
    this.#preemption.search(lane, (turn) => this.#try(lane, turn));
  }

  /** The entry was held for a quota. Its lane may have been removed meanwhile. */
  #resume(entry: PendingEntry): void {
    for (const member of this.#entries.get(entry.target)?.values() ?? []) {
      if (member.entry !== entry) continue;
      const { pinnedTo } = member;
      member.lane = this.#lanes.laneFor(entry.requirements, pinnedTo === undefined ? {} : { pinnedTo });
      member.lane.add(entry);
      this.#start(member.lane, false);
    }
  }

  /** Records why the entries that were not tried wait. */
  #reportBehind(lane: Lane): void {
    const others = lane.waiting - 1;
    this.#reporter.report(lane, `waiting for room; other jobs waiting for the same nodes: ${others}`);
  }

  /** Schedules the next full pass over a lane, as long as an entry waits in it. */
  #arm(lane: Lane): void {
    if (lane.waiting === 0 || lane.cancelRetry !== undefined) return;
    const { clock } = this.#options;
    lane.cancelRetry = clock.at(clock.now() + lookMs, () => {
      lane.cancelRetry = undefined;
      lane.reset(clock.now());
      const turn = this.#reservations.next(lane);
      if (turn !== undefined) void this.#try(lane, turn);
      this.#start(lane, true);
      this.#preempt(lane);
    });
  }

  #tidy(lane: Lane, pinnedTo: string | undefined): void {
    if (lane.waiting > 0) return;
    lane.cancelRetry?.();
    lane.cancelRetry = undefined;
    this.#lanes.tidy(pinnedTo);
  }
}

function isSame(a: readonly Slot[], b: readonly Slot[]): boolean {
  return a.length === b.length && a.every(({ slot }, index) => slot === b[index]?.slot);
}
