import { causeOf, type Process, type Stall } from "@shoal/core";
import type { Ask, AskBatch, Bid, BidBatch } from "@shoal/proto";
import type { Ledger } from "../capacity/ledger.ts";
import { type BidPolicy, judgeAsk } from "./policies/policy.ts";

// A refusal is kept in the log: one that quotes a whole spec is cut.
const whyCharsMax = 1_024;

export interface BidderOptions {
  readonly nodeId: string;
  readonly stall: Pick<Stall, "onAsk">;
  readonly ledger: Pick<Ledger, "hold" | "release" | "available" | "announceFreeRoom">;
  readonly policies: readonly BidPolicy[];
}

/** Answers asks: policies say whether, the ledger says how many, and holds the room for a while. */
export function createBidder(options: BidderOptions): Process {
  let closing: { close(): Promise<void> } | undefined;
  return {
    name: "bidder",
    start: async () => {
      closing = await options.stall.onAsk((batch) => answer(options, batch));
    },
    stop: async () => closing?.close(),
  };
}

/** One batch: releases first, as they make room for its asks. */
export async function answer(options: BidderOptions, { asks, released }: AskBatch): Promise<BidBatch> {
  for (const { askId, slots } of released) options.ledger.release(askId, slots);
  return { bids: await Promise.all(asks.map((ask) => bidFor(options, ask))) };
}

async function bidFor(options: BidderOptions, ask: Ask): Promise<Bid> {
  const { nodeId, ledger, policies } = options;
  const refusal = (why: string) => ({
    askId: ask.askId,
    nodeId,
    accepted: false,
    slots: 0,
    why: why.slice(0, whyCharsMax),
  });
  try {
    const verdict = await judgeAsk(policies, ask);
    if (!verdict.fit) return refusal(verdict.why);
    const held = ledger.hold(ask.askId, ask.requirements.resources, ask.slots);
    if (ask.othersWait === true) ledger.announceFreeRoom();
    if (held.holdUntil === undefined)
      return { ...refusal(`capacity: ${held.why}`), busy: true, available: ledger.available() };
    return { askId: ask.askId, nodeId, accepted: true, score: verdict.score, ...held };
  } catch (failure) {
    return refusal(`the node could not answer: ${causeOf(failure).why}`);
  }
}
