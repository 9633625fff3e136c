import type { BidClient } from "@shoal/core";
import { type Ask, type Bid, BidBatch, type Release, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { answerConfirmations } from "./confirmations.ts";
import { followHeartbeats } from "./heartbeats.ts";

// What a server takes when it does not say: its default.
const payloadBytes = 1_048_576;
// A bid with its reason of 1,024 characters, at most three bytes each: the answer to a message must fit one message too.
const bidBytesMax = 4_096;
// A release with the id of its ask.
const releaseBytes = 64;

/** Asks and releases for one node that wait for the end of this moment. */
interface OutgoingBatch {
  readonly asks: Ask[];
  /** Of asks and releases together, encoded. */
  bytes: number;
  readonly released: Release[];
  /** Who waits for the bid on which ask. Whoever is told leaves the list. */
  readonly bids: Map<string, (bid: Bid | undefined) => void>;
  /** Nobody waits any more. */
  done: () => void;
}

/** The requester's side of bidding, over core NATS. */
export function createBidClient(link: NatsSession): BidClient {
  const parcels = new Map<string, OutgoingBatch>();
  /** An ask goes to several nodes and is measured once. */
  const sizes = new WeakMap<Ask, number>();

  function sizeOf(ask: Ask): number {
    const size = sizes.get(ask) ?? encodeMessage(ask).length;
    sizes.set(ask, size);
    return size;
  }

  /** The open parcel for a node, or a new one when that is full: half of what the server takes, in asks or in answers. */
  function batchFor(nodeId: string, bytes: number): OutgoingBatch {
    const limit = (link.nc.info?.max_payload ?? payloadBytes) / 2;
    const open = parcels.get(nodeId);
    if (open !== undefined && open.bytes + bytes <= limit && (open.asks.length + 1) * bidBytesMax <= limit) {
      open.bytes += bytes;
      return open;
    }
    const outgoing: OutgoingBatch = { asks: [], bytes, released: [], bids: new Map(), done: () => {} };
    parcels.set(nodeId, outgoing);
    // Behind everything that this turn of the event loop still has to say.
    link.deferred.do(() => {
      if (parcels.get(nodeId) === outgoing) parcels.delete(nodeId);
      send(link, nodeId, outgoing);
    });
    return outgoing;
  }

  return {
    ask(nodeId, ask, waitMs) {
      const outgoing = batchFor(nodeId, sizeOf(ask));
      outgoing.asks.push(ask);
      return waitForBid(link, { outgoing, askId: ask.askId, waitMs });
    },
    release(nodeId, release) {
      batchFor(nodeId, releaseBytes).released.push(release);
    },
    onConfirm: (answer) => answerConfirmations(link, answer),
    onHeartbeat: (deliver) => followHeartbeats(link, "*", deliver),
  };
}

function waitForBid(
  { clock }: NatsSession,
  { outgoing, askId, waitMs }: { readonly outgoing: OutgoingBatch; readonly askId: string; readonly waitMs: number },
): Promise<Bid | undefined> {
  return new Promise((resolve) => {
    const settle = (bid: Bid | undefined) => {
      cancel();
      outgoing.bids.delete(askId);
      if (outgoing.bids.size === 0) outgoing.done();
      resolve(bid);
    };
    const cancel = clock.at(clock.now() + waitMs, () => settle(undefined));
    outgoing.bids.set(askId, settle);
  });
}

function send(link: NatsSession, nodeId: string, outgoing: OutgoingBatch): void {
  const { asks, released, bids } = outgoing;
  const bytes = encodeMessage({ asks, released });
  if (bids.size === 0) {
    publish(link, { nodeId, bytes });
    return;
  }
  const reply = link.replies.open((message) => {
    // An empty answer is the server's word that nobody listens there.
    const batch = BidBatch.safeParse(decodeMessage(message.data));
    for (const bid of batch.success ? batch.data.bids : []) {
      bids.get(bid.askId)?.(bid.nodeId === nodeId ? bid : undefined);
    }
    for (const settle of [...bids.values()]) settle(undefined);
  });
  outgoing.done = () => link.replies.forget(reply);
  publish(link, { nodeId, bytes, reply });
}

function publish(
  link: NatsSession,
  outgoing: { readonly nodeId: string; readonly bytes: Uint8Array; readonly reply?: string },
): void {
  const { nodeId, bytes, reply } = outgoing;
  try {
    link.nc.publish(subjects.ask(nodeId), bytes, reply === undefined ? {} : { reply });
  } catch (failure) {
    // Asks may be lost; who waits for a bid is told when its time is up.
    link.onProblem(`asking ${nodeId}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}
