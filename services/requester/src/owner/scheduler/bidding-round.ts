import {
  type BidClient,
  type Clock,
  evaluateAll,
  failuresOf,
  filters,
  isPreference,
  type Job,
  preemptsUpTo,
  type Random,
  rank,
  type Slot,
  scheduleLimits,
} from "@shoal/core";
import type { Answer, Ask, Bid, Victim } from "@shoal/proto";
import { askOf } from "./ask-of.ts";
import { type AssignedSlot, assignSlots } from "./assign-slots.ts";
import { collectBids } from "./collect-bids.ts";
import type { Lane } from "./lane.ts";
import type { LaneTurn, TryResult } from "./lane-turn.ts";
import type { NodeRooms, RoomClaim } from "./node-rooms.ts";
import type { PendingEntry } from "./pending-entry.ts";

export interface BiddingSettings {
  /** Nodes asked at once. */
  readonly width: number;
  /** The number of rounds of that size before the job waits. */
  readonly rounds: number;
  /** The longest that a round waits for nodes that do not answer. */
  readonly waitMs: number;
  /** How long a job waits for room before one node reserves room for it; never when left out. */
  readonly reserveAfterMs?: number;
  /** A job that finds no room may end executions of lower priorities; never when left out. */
  readonly preemption?: boolean;
}

export interface BiddingOptions {
  readonly bidClient: Pick<BidClient, "ask" | "release">;
  readonly rooms: NodeRooms;
  readonly clock: Clock;
  readonly random: Random;
  readonly auction: BiddingSettings;
  /** The node is connected and its heartbeats arrive. */
  readonly isCandidate: (nodeId: string) => boolean;
}

/** Result of the rounds of asks for one entry. */
export interface BiddingOutcome {
  readonly places: readonly AssignedSlot[];
  readonly answers: readonly Answer[];
  readonly result: TryResult;
  /** The ask for a reservation; false when the node answered without one, undefined when it has not answered. */
  readonly reserved: string | false | undefined;
  /** The executions that are to end for the reservation. */
  readonly victims: readonly Victim[];
}

// The most permanent refusals of one job in memory: above it, the job waits without the record that no node fits.
const refusalsMax = 1_024;

/** The rounds of asks for one entry: the best nodes, some at a time, until every slot has a node or no node is left. */
export class BiddingRound {
  readonly #options: BiddingOptions;
  readonly #lane: Lane;
  readonly #entry: PendingEntry;
  readonly #turn: LaneTurn;
  readonly #failuresOn: ReadonlyMap<string, number>;
  readonly #slots: readonly Slot[];
  /** Nodes whose room is left to a job of another requester, with that job. */
  readonly #leftTo = new Map<string, string>();
  readonly #answers: Answer[] = [];
  readonly #places: AssignedSlot[] = [];
  /** Nodes that would accept with more room, or that did not answer. */
  readonly #mayChange = new Set<string>();
  readonly #drawn: number;
  #reserved: string | false | undefined;
  #victims: readonly Victim[] = [];

  constructor(options: BiddingOptions, lane: Lane, turn: LaneTurn) {
    const { entry } = turn;
    this.#options = options;
    this.#lane = lane;
    this.#turn = turn;
    this.#entry = entry;
    const job = entry.target.state();
    this.#failuresOn = job === undefined ? new Map() : failuresOf(job);
    this.#slots = entry.slots.slice(0, turn.slotsMax ?? lane.slotsPerTurn);
    const prefers = entry.requirements.constraints.some(isPreference);
    this.#drawn = prefers ? scheduleLimits.drawnByPreference : scheduleLimits.drawn;
  }

  /** Asks the node of the entry's turn, or nodes drawn from the lane's pool. */
  async run(): Promise<BiddingOutcome> {
    const { nodeIds: offered } = this.#turn;
    const { width, rounds } = this.#options.auction;
    let left = width * rounds;
    let nodeIds = offered ?? this.#draw(this.#drawn);
    while (nodeIds.length > 0) {
      left -= await this.#askInRounds(this.#ranked(nodeIds).slice(0, left));
      // Permanent refusals cost no rounds: each makes the set of candidate nodes smaller.
      if (this.#isDone() || left <= 0 || this.#entry.refusedBy.size >= refusalsMax) break;
      nodeIds = offered === undefined ? this.#draw(this.#drawn) : [];
    }
    const answers = [...this.#answers, ...this.#refusalsByFilters()];
    const outcome = { places: this.#places, answers, reserved: this.#reserved, victims: this.#victims };
    if (this.#places.length >= this.#slots.length) return { ...outcome, result: "placed" };
    const isLeft = this.#mayChange.size > 0 || this.#places.length > 0 || this.#draw(1).length > 0;
    return { ...outcome, result: isLeft ? "room" : "node" };
  }

  #isDone(): boolean {
    const { target, slots } = this.#entry;
    return this.#places.length >= this.#slots.length || slots.length === 0 || !target.isOpen();
  }

  /** Nodes that may be asked, at random from those that fit. */
  #draw(limit: number): readonly string[] {
    const { rooms, random, isCandidate } = this.#options;
    return this.#lane.pool.draw({
      limit,
      fraction: () => random.fraction(),
      accepts: (nodeId) =>
        !this.#mayChange.has(nodeId) &&
        !rooms.hasRefused(nodeId, this.#entry) &&
        isCandidate(nodeId) &&
        this.#lane.fits(this.#entry, nodeId) &&
        !this.#isLeft(nodeId),
    });
  }

  /** Its room is left to a job of higher priority: it may change. */
  #isLeft(nodeId: string): boolean {
    const { rooms, clock } = this.#options;
    const jobId = rooms.leftTo(nodeId, this.#entry, clock.now());
    if (jobId === undefined) return false;
    this.#leftTo.set(nodeId, jobId);
    this.#mayChange.add(nodeId);
    return true;
  }

  #ranked(nodeIds: readonly string[]): readonly string[] {
    const { rooms, random } = this.#options;
    const infos = nodeIds.flatMap((nodeId) => rooms.infoOf(nodeId) ?? []);
    const { requirements } = this.#entry;
    return rank({ requirements, failuresOn: this.#failuresOn }, infos, () => random.fraction());
  }

  /** Resolves with the number of nodes that would have accepted with more room, or did not answer. */
  async #askInRounds(nodeIds: readonly string[]): Promise<number> {
    const { auction } = this.#options;
    const before = this.#mayChange.size;
    for (let first = 0; first < nodeIds.length && !this.#isDone(); first += auction.width)
      await this.#askOnce(nodeIds.slice(first, first + auction.width));
    return this.#mayChange.size - before;
  }

  async #askOnce(nodeIds: readonly string[]): Promise<void> {
    const { bidClient, rooms, random, auction, clock } = this.#options;
    const job = this.#entry.target.state();
    if (job === undefined) return;
    const open = this.#slots.slice(this.#places.length);
    const now = clock.now();
    const most = Math.min(...nodeIds.map((nodeId) => rooms.slotsFor(nodeId, this.#entry, { slots: open.length, now })));
    const left = open.slice(0, most);
    const ask = this.#askFor(job, { askId: random.uuid(), slots: left.length });
    const each = this.#entry.requirements.resources;
    const claims = new Map(nodeIds.map((nodeId) => [nodeId, rooms.claim({ nodeId, each, slots: left.length })]));
    const collected = await collectBids(bidClient, ask, { nodeIds, waitMs: auction.waitMs });
    const { silent, isTimedOut } = collected;
    const bids = collected.bids.map((bid) => this.#stillValid(bid));
    const assigned = assignSlots(left, bids, this.#failuresOn);
    for (const bid of bids) this.#take(bid, claims.get(bid.nodeId), assigned);
    for (const nodeId of silent) {
      this.#unanswered(nodeId, claims.get(nodeId), isTimedOut);
      // Its answer may be lost: its reserved room is of use to others.
      if (ask.reserveSince !== undefined) bidClient.release(nodeId, { askId: ask.askId, slots: ask.slots });
    }
    this.#places.push(...assigned);
  }

  /** A node that was drained, rejected or lost while it answered takes no work. */
  #stillValid(bid: Bid): Bid {
    const { bidClient, isCandidate } = this.#options;
    const { nodeId, askId, accepted, slots } = bid;
    if (!accepted || isCandidate(nodeId)) return bid;
    bidClient.release(nodeId, { askId, slots });
    return { nodeId, askId, slots: 0, accepted: false, busy: true, why: "takes no new work any more" };
  }

  #askFor(job: Job, { askId, slots }: { readonly askId: string; readonly slots: number }): Ask {
    const { reserves = false } = this.#turn;
    const preempts = reserves && this.#options.auction.preemption === true;
    return {
      ...askOf(this.#entry, job, { askId, slots }),
      ...(this.#lane.waiting > 0 ? { othersWait: true } : {}),
      ...(reserves ? { reserveSince: this.#entry.since } : {}),
      ...(preempts ? { preemptsUpTo: preemptsUpTo(job.header.spec.priority) } : {}),
    };
  }

  #take(bid: Bid, claim: RoomClaim | undefined, assigned: readonly AssignedSlot[]): void {
    const { bidClient, rooms } = this.#options;
    const { nodeId, askId, accepted, slots, busy, available } = bid;
    this.#answers.push(answerOf(bid));
    this.#reserved = bid.reserved === true ? askId : false;
    if (bid.reserved === true) this.#victims = bid.victims ?? [];
    const used = assigned.filter((each) => each.nodeId === nodeId).length;
    // Granted room that is not needed is released at once, not only when the hold expires.
    if (accepted && slots > used) bidClient.release(nodeId, { askId, slots: slots - used });
    if (claim !== undefined) rooms.settle(claim, used, accepted ? undefined : available);
    if (accepted || busy === true) this.#mayChange.add(nodeId);
    const info = rooms.infoOf(nodeId);
    if ((accepted && slots > 0) || info === undefined) return;
    if (accepted || busy === true) this.#lane.refusedBy(info, this.#entry.requirements.resources, available);
    else this.#refusedBy(bid);
  }

  /** Its reason is stored: a requester that does not know every node yet records it later, without asking again. */
  #refusedBy({ nodeId, why }: Bid): void {
    const { refusedBy } = this.#entry;
    const isExplained = refusedBy.size < scheduleLimits.explained;
    refusedBy.set(nodeId, { revision: this.#options.rooms.revisionOf(nodeId), why: isExplained ? why : undefined });
  }

  #unanswered(nodeId: string, claim: RoomClaim | undefined, isTimedOut: boolean): void {
    const { rooms, clock } = this.#options;
    if (claim !== undefined && isTimedOut) rooms.unanswered(claim, clock.now());
    else if (claim !== undefined) rooms.settle(claim, 0);
    this.#mayChange.add(nodeId);
    this.#answers.push({ nodeId, accepted: false, why: "asked, but had not answered before the decision" });
  }

  /** Why some of the other nodes are not asked. */
  #refusalsByFilters(): readonly Answer[] {
    const { rooms } = this.#options;
    const { requirements, refusedBy } = this.#entry;
    const asked = new Set(this.#answers.map(({ nodeId }) => nodeId));
    const refusals: Answer[] = [...this.#leftTo]
      .slice(0, scheduleLimits.explained)
      .flatMap(([nodeId, jobId]) =>
        asked.has(nodeId)
          ? []
          : [{ nodeId, accepted: false, why: `its room is left to ${jobId}, which has a higher priority` }],
      );
    for (const { nodeId } of refusals) asked.add(nodeId);
    for (const nodeId of [...this.#lane.refused, ...this.#lane.pool.ids().slice(0, scheduleLimits.explained)]) {
      const info = rooms.infoOf(nodeId);
      if (info === undefined || asked.has(nodeId) || refusals.length >= scheduleLimits.explained) continue;
      const verdict = evaluateAll(filters, { requirements, info });
      const refusal = refusedBy.get(nodeId);
      if (!verdict.fit) refusals.push({ nodeId, accepted: false, why: verdict.why });
      else if (refusal !== undefined)
        refusals.push({ nodeId, accepted: false, why: refusal.why ?? "refused this job earlier" });
    }
    return refusals;
  }
}

function answerOf({ nodeId, accepted, score, why }: Answer): Answer {
  return { nodeId, accepted, ...(score === undefined ? {} : { score }), ...(why === undefined ? {} : { why }) };
}
