import { type BidClient, resultWithin } from "@shoal/core";
import { type Ask, type Bid, BidBatch, type Release, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { followHeartbeats } from "./heartbeats.ts";
import { answerNodes, confirmRequests, secretRequests } from "./node-requests.ts";

// The default of nats-server, for a server that does not announce its limit.
const payloadBytes = 1_048_576;
// A bid with a reason of 1,024 characters of at most three bytes each. The reply to a batch must fit into one message too.
const bidBytesMax = 4_096;
// A release is encoded with the id of its ask.
const releaseBytes = 64;

/** Asks and releases for one node that are sent at the end of this turn of the event loop. */
interface OutgoingBatch {
  readonly asks: Ask[];
  /** The encoded size of the asks and releases together. */
  bytes: number;
  readonly released: Release[];
  /** The pending bid of each ask, by ask id. A bid that is resolved leaves the map. */
  readonly bids: Map<string, (bid: Bid | undefined) => void>;
  /** Called when no bid of the batch is pending. */
  done: () => void;
}

/** The requester's side of bidding over core NATS. */
export function createBidClient(session: NatsSession): BidClient {
  const batches = new Map<string, OutgoingBatch>();
  /** The encoded size of each ask: an ask goes to several nodes and is measured once. */
  const sizes = new WeakMap<Ask, number>();

  function sizeOf(ask: Ask): number {
    const size = sizes.get(ask) ?? encodeMessage(ask).length;
    sizes.set(ask, size);
    return size;
  }

  /** The open batch of a node, or a new one when that is full: half of the server's maximum payload, in asks or in bids. */
  function batchFor(nodeId: string, bytes: number): OutgoingBatch {
    const limit = (session.nc.info?.max_payload ?? payloadBytes) / 2;
    const open = batches.get(nodeId);
    if (open !== undefined && open.bytes + bytes <= limit && (open.asks.length + 1) * bidBytesMax <= limit) {
      open.bytes += bytes;
      return open;
    }
    const outgoing: OutgoingBatch = { asks: [], bytes, released: [], bids: new Map(), done: () => {} };
    batches.set(nodeId, outgoing);
    // Runs after all other work of this turn of the event loop, so that the batch holds every ask of the turn.
    session.deferred.do(() => {
      if (batches.get(nodeId) === outgoing) batches.delete(nodeId);
      send(session, nodeId, outgoing);
    });
    return outgoing;
  }

  return {
    ask(nodeId, ask, waitMs) {
      const outgoing = batchFor(nodeId, sizeOf(ask));
      outgoing.asks.push(ask);
      return waitForBid(session, { outgoing, askId: ask.askId, waitMs });
    },
    release(nodeId, release) {
      batchFor(nodeId, releaseBytes).released.push(release);
    },
    onConfirm: (answer) => answerNodes(session, confirmRequests, answer),
    onSecretRequest: (answer) => answerNodes(session, secretRequests, answer),
    onHeartbeat: (deliver) => followHeartbeats(session, "*", deliver),
  };
}

function waitForBid(
  { clock }: NatsSession,
  { outgoing, askId, waitMs }: { readonly outgoing: OutgoingBatch; readonly askId: string; readonly waitMs: number },
): Promise<Bid | undefined> {
  const { promise, resolve } = Promise.withResolvers<Bid | undefined>();
  outgoing.bids.set(askId, resolve);
  return resultWithin(promise, { clock, limitMs: waitMs }).finally(() => {
    outgoing.bids.delete(askId);
    if (outgoing.bids.size === 0) outgoing.done();
  });
}

function send(session: NatsSession, nodeId: string, outgoing: OutgoingBatch): void {
  const { asks, released, bids } = outgoing;
  const bytes = encodeMessage({ asks, released });
  if (bids.size === 0) {
    publish(session, { nodeId, bytes });
    return;
  }
  const reply = session.replies.open((message) => {
    // An empty reply is the server's "no responders".
    const batch = BidBatch.safeParse(decodeMessage(message.data));
    for (const bid of batch.success ? batch.data.bids : []) {
      bids.get(bid.askId)?.(bid.nodeId === nodeId ? bid : undefined);
    }
    for (const settle of bids.values()) settle(undefined);
  });
  outgoing.done = () => session.replies.forget(reply);
  publish(session, { nodeId, bytes, reply });
}

function publish(
  session: NatsSession,
  outgoing: { readonly nodeId: string; readonly bytes: Uint8Array; readonly reply?: string },
): void {
  const { nodeId, bytes, reply } = outgoing;
  try {
    session.nc.publish(subjects.ask(nodeId), bytes, reply === undefined ? {} : { reply });
  } catch (failure) {
    // Asks may be lost: a pending bid times out.
    session.onProblem(`asking ${nodeId}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}
