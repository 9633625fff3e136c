import { type BidServer, causeOf, type Process } from "@shoal/core";
import { type Ask, type AskBatch, type Bid, type BidBatch, type Resources, shortage, type Victim } from "@shoal/proto";
import type { Ledger } from "../capacity/ledger.ts";
import type { Reservation } from "../capacity/reservation.ts";
import type { PortRange } from "../grants/port-range.ts";
import { type BidPolicy, evaluateAsk } from "./policies/policy.ts";

// The log keeps the refusal, so one that quotes a whole spec is cut.
const whyCharsMax = 1_024;

export interface BidderOptions {
  readonly nodeId: string;
  readonly bidServer: Pick<BidServer, "onAsk">;
  readonly ledger: Pick<Ledger, "hold" | "release" | "available" | "announceFreeRoom">;
  readonly reservation: Pick<Reservation, "jobId" | "slotsFor" | "keep" | "granted" | "release" | "left" | "leftFor">;
  /** The executions whose end makes room for one slot of an ask, next to these free resources. */
  readonly victims: (ask: Ask, available: Resources) => readonly Victim[] | undefined;
  readonly portRange: Pick<PortRange, "whyTaken">;
  readonly policies: readonly BidPolicy[];
}

/**
 * Answers asks. Policies decide whether the node bids, and the ledger decides for how many slots; the ledger then holds
 * their resources until the bid expires.
 */
export function createBidder(options: BidderOptions): Process {
  let closing: { close(): Promise<void> } | undefined;
  return {
    name: "bidder",
    start: async () => {
      closing = await options.bidServer.onAsk((batch) => answer(options, batch));
    },
    stop: async () => closing?.close(),
  };
}

/** Answers one batch: releases first, because they free resources for its asks. */
export async function answer(options: BidderOptions, { asks, released }: AskBatch): Promise<BidBatch> {
  for (const { askId, slots } of released) {
    options.ledger.release(askId, slots);
    options.reservation.release(askId);
  }
  return { bids: await Promise.all(asks.map((ask) => bidFor(options, ask))) };
}

async function bidFor(options: BidderOptions, ask: Ask): Promise<Bid> {
  const { nodeId, ledger, policies, portRange, reservation } = options;
  try {
    const verdict = await evaluateAsk(policies, ask);
    if (!verdict.fit) {
      const refused = refusal(options, ask, verdict.why);
      return verdict.mayChange === true ? { ...refused, busy: true, available: reservation.left() } : refused;
    }
    const taken = await portRange.whyTaken(ask.requirements.network.staticPorts ?? []);
    if (taken !== undefined) {
      ledger.announceFreeRoom();
      return { ...refusal(options, ask, taken), busy: true, available: reservation.left() };
    }
    // Only one execution has a port that the task names.
    const slotsMax = (ask.requirements.network.staticPorts ?? []).length > 0 ? 1 : ask.slots;
    const slots = Math.min(slotsMax, reservation.slotsFor(ask));
    const held = ledger.hold(ask.askId, ask.requirements.resources, slots);
    if (ask.othersWait === true) ledger.announceFreeRoom();
    if (held.holdUntil === undefined) return busy(options, ask, held.why);
    reservation.granted(ask);
    return { askId: ask.askId, nodeId, accepted: true, score: verdict.score, ...held };
  } catch (failure) {
    return refusal(options, ask, `the node could not answer: ${causeOf(failure).why}`);
  }
}

/** There are no free resources, or they are reserved for another job. */
function busy(options: BidderOptions, ask: Ask, short: string): Bid {
  const { ledger, reservation } = options;
  const isReserved = shortage(ask.requirements.resources, ledger.available()) === undefined;
  const why = isReserved && reservation.jobId !== undefined ? `reserved for ${reservation.jobId}` : short;
  ledger.announceFreeRoom();
  const reserved = reservation.keep(ask);
  // Without the reservation others would get the room.
  const victims =
    reserved || ask.reserveSince === undefined ? options.victims(ask, reservation.leftFor(ask)) : undefined;
  const reservedWhy = reserved ? "; this node reserves resources as they become free" : "";
  const endedWhy = reserved && victims !== undefined && victims.length > 0 ? endInWords(victims.length) : "";
  const bid = refusal(options, ask, `capacity: ${why}${reservedWhy}${endedWhy}`);
  return {
    ...{ ...bid, busy: true, available: reservation.left() },
    ...(reserved ? { reserved } : {}),
    ...(victims === undefined ? {} : { victims: [...victims] }),
  };
}

const endInWords = (count: number): string =>
  count === 1 ? ", and an execution of lower priority ends" : `, and ${count} executions of lower priority end`;

const refusal = ({ nodeId }: BidderOptions, { askId }: Ask, why: string): Bid => ({
  ...{ askId, nodeId, accepted: false, slots: 0 },
  why: why.slice(0, whyCharsMax),
});
