import {
  type Chance,
  type Clock,
  causeOf,
  explainShortage,
  type Job,
  jobLimits,
  type Market,
  type Place,
  type Shortlist,
  shortlist,
  type Wanted,
  wantedBy,
} from "@shoal/core";
import type { Answer, Ask, Bid } from "@shoal/proto";
import type { Membership } from "../nodes/membership.ts";
import type { Diary } from "../ports.ts";
import { askAll } from "./ask-all.ts";
import { deal } from "./deal.ts";
import type { Placeable } from "./placeable.ts";
import type { WaitingRoom } from "./waiting-room.ts";

export interface AuctioneerOptions {
  readonly market: Market;
  readonly membership: Membership;
  readonly waitingRoom: WaitingRoom;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly diary: Diary;
  readonly auction: AuctionSettings;
  /** Looks at the job again, whatever came of the auction. */
  readonly again: (desk: Placeable) => void;
}

export interface AuctionSettings {
  /** Nodes asked at once. */
  readonly width: number;
  /** How many rounds of so many nodes before the job waits. */
  readonly rounds: number;
  /** The longest that a round waits for nodes that do not answer. */
  readonly waitMs: number;
  /** Jobs that may wait for room before new ones are not even tried: room goes to those who came first. */
  readonly queueBefore: number;
}

/** What an auction came to. */
interface Found {
  readonly places: readonly Place[];
  readonly answers: readonly Answer[];
  /** No known node would ever run it: none was fit to be asked, or every one refused for a reason that time does not change. */
  readonly nobody: boolean;
}

// A job that found its place calls in two: where there was room for one there may be for more, and a call that finds none
// calls nobody.
const wokenBySuccess = 2;

/** Finds places for the partitions of jobs. */
export class Auctioneer {
  readonly #options: AuctioneerOptions;
  /** By desk and not by job: an auction of a desk that has closed must not keep the next owner's from beginning. */
  readonly #running = new Set<Placeable>();
  /** Whose turn it is. */
  #called: Placeable | undefined;

  constructor(options: AuctioneerOptions) {
    this.#options = options;
  }

  /** Finds places for what a job needs now, unless that is being done already or the job waits for its turn. */
  look(desk: Placeable, partitions: readonly string[]): void {
    const { id } = desk.ref;
    if (this.#running.has(desk) || this.#options.waitingRoom.has(id)) return;
    this.#running.add(desk);
    this.#run(desk, partitions)
      .catch((failure: unknown) =>
        this.#options.diary.warn({ jobId: id, ...causeOf(failure) }, "an auction ended early"),
      )
      .finally(() => {
        this.#running.delete(desk);
        this.#options.again(desk);
      });
  }

  forget(jobId: string): void {
    this.#options.waitingRoom.leave(jobId);
  }

  async #run(desk: Placeable, partitions: readonly string[]): Promise<void> {
    const { waitingRoom, auction, market } = this.#options;
    const job = desk.state();
    const wanted = job === undefined ? undefined : wantedBy(job);
    if (job === undefined || wanted === undefined) return;
    // Who was called in is tried, however many wait: else nobody would be. And whom no node fits does not wait for room.
    const isBehind = this.#called !== desk && waitingRoom.waitingForRoom() >= auction.queueBefore;
    if (isBehind && this.#shortlist(wanted).nodeIds.length > 0) {
      this.#enter(desk, "room");
      const why = `waiting for room behind ${auction.queueBefore} or more other jobs`;
      await desk.command({ name: "Wait", slots: partitions, why, answers: [], never: false });
      return;
    }
    const found = await this.#auction(desk, wanted, partitions);
    const { places, answers, nobody } = found;
    // Before the command: its commit makes the job be looked at again, and by then it must stand in line.
    if (places.length < Math.min(partitions.length, jobLimits.placesPerCommit))
      this.#enter(desk, nobody ? "node" : "room");
    if (places.length === 0) {
      await this.#wait(desk, partitions, found);
      return;
    }
    const outcome = await desk.command({ name: "Place", places, answers });
    if (!outcome.ok || !outcome.changed)
      for (const { nodeId, askId } of places) market.release(nodeId, { askId, slots: 1 });
    else if (places.length >= partitions.length) waitingRoom.wake(wokenBySuccess);
  }

  async #wait(desk: Placeable, slots: readonly string[], { answers, nobody }: Found): Promise<void> {
    const { membership } = this.#options;
    // A requester that has just started has not heard of every node yet: what it does not know it does not say.
    if (!membership.settled()) return;
    await desk.command({
      name: "Wait",
      slots,
      why: explainShortage(slots.length, answers),
      answers,
      never: nobody,
    });
  }

  #enter(desk: Placeable, waitsFor: "room" | "node"): void {
    const header = desk.state()?.header;
    if (header === undefined || !desk.isOpen()) return;
    const wake = () => {
      this.#called = desk;
      this.#options.again(desk);
      this.#called = undefined;
    };
    this.#options.waitingRoom.enter(header.id, {
      priority: header.spec.priority,
      since: header.createdAt,
      waitsFor,
      wake,
    });
  }

  #shortlist(wanted: Wanted): Shortlist {
    const { membership, chance } = this.#options;
    return shortlist(wanted, membership.askable(), () => chance.fraction());
  }

  /** Room that was offered and not needed is of use to others at once, not only when the hold ends by itself. */
  #releaseUnused(bids: readonly Bid[], places: readonly Place[]): void {
    for (const { nodeId, askId, accepted, slots } of bids) {
      const unused = slots - places.filter((place) => place.nodeId === nodeId).length;
      if (accepted && unused > 0) this.#options.market.release(nodeId, { askId, slots: unused });
    }
  }

  /** Asks the best nodes, some at a time, until there is room for all partitions or nobody is left. */
  async #auction(desk: Placeable, wanted: Wanted, partitions: readonly string[]): Promise<Found> {
    const { market, chance, auction } = this.#options;
    const { nodeIds, refusals } = this.#shortlist(wanted);
    const slots = Math.min(partitions.length, jobLimits.placesPerCommit);
    const answers: Answer[] = [];
    const places: Place[] = [];
    let asked = 0;
    let mayChange = false;
    const last = Math.min(nodeIds.length, auction.width * auction.rounds);
    for (let first = 0; first < last && places.length < slots; first += auction.width) {
      const job = desk.state();
      // A desk that closes between two rounds has handed its job over: nobody needs more answers here.
      if (job === undefined || !desk.isOpen()) break;
      const left = partitions.slice(places.length, slots);
      const ask = askFor(job, wanted, { askId: chance.uuid(), slots: left.length });
      const { bids, silent } = await askAll(market, ask, {
        nodeIds: nodeIds.slice(first, first + auction.width),
        waitMs: auction.waitMs,
      });
      const dealt = deal(left, bids, wanted);
      this.#releaseUnused(bids, dealt);
      places.push(...dealt);
      asked += bids.length + silent.length;
      mayChange ||= silent.length > 0 || bids.some(({ accepted, busy }) => accepted || busy === true);
      answers.push(
        ...bids.map(answerOf),
        ...silent.map((nodeId) => ({
          nodeId,
          accepted: false,
          why: "asked, but had not answered when it was decided",
        })),
      );
    }
    return { places, answers: [...answers, ...refusals], nobody: asked === nodeIds.length && !mayChange };
  }
}

function askFor(job: Job, wanted: Wanted, { askId, slots }: { readonly askId: string; readonly slots: number }): Ask {
  const { id, spec } = job.header;
  return {
    askId,
    jobId: id,
    namespace: spec.namespace,
    jobType: spec.type,
    priority: spec.priority,
    task: wanted.task,
    constraints: spec.constraints,
    resources: wanted.resources,
    slots,
  };
}

function answerOf({ nodeId, accepted, score, why }: Answer): Answer {
  return { nodeId, accepted, ...(score === undefined ? {} : { score }), ...(why === undefined ? {} : { why }) };
}
