import type { Market } from "@shoal/core";
import { type Ask, type Bid, BidBatch, type Release, subjects } from "@shoal/proto";
import type { Link } from "../connection/link.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { answerConfirmations } from "./confirmations.ts";
import { hearHeartbeats } from "./heartbeats.ts";

// What a server takes when it does not say: its default.
const payloadBytes = 1_048_576;
// A bid with its reason of 1,024 characters, at most three bytes each: the answer to a message must fit one message too.
const bidBytesMax = 4_096;
// A release with the id of its ask.
const releaseBytes = 64;

/** Asks and releases for one node that wait for the end of this moment. */
interface Parcel {
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
export function createMarket(link: Link): Market {
  const parcels = new Map<string, Parcel>();
  /** An ask goes to several nodes and is measured once. */
  const sizes = new WeakMap<Ask, number>();

  function sizeOf(ask: Ask): number {
    const size = sizes.get(ask) ?? encodeMessage(ask).length;
    sizes.set(ask, size);
    return size;
  }

  /** The open parcel for a node, or a new one when that is full: half of what the server takes, in asks or in answers. */
  function parcelFor(nodeId: string, bytes: number): Parcel {
    const limit = (link.nc.info?.max_payload ?? payloadBytes) / 2;
    const open = parcels.get(nodeId);
    if (open !== undefined && open.bytes + bytes <= limit && (open.asks.length + 1) * bidBytesMax <= limit) {
      open.bytes += bytes;
      return open;
    }
    const parcel: Parcel = { asks: [], bytes, released: [], bids: new Map(), done: () => {} };
    parcels.set(nodeId, parcel);
    // Behind everything that this turn of the event loop still has to say.
    link.later.do(() => {
      if (parcels.get(nodeId) === parcel) parcels.delete(nodeId);
      send(link, nodeId, parcel);
    });
    return parcel;
  }

  return {
    ask(nodeId, ask, waitMs) {
      const parcel = parcelFor(nodeId, sizeOf(ask));
      parcel.asks.push(ask);
      return waitForBid(link, { parcel, askId: ask.askId, waitMs });
    },
    release(nodeId, release) {
      parcelFor(nodeId, releaseBytes).released.push(release);
    },
    onConfirm: (answer) => answerConfirmations(link, answer),
    onHeartbeat: (deliver) => hearHeartbeats(link, "*", deliver),
  };
}

function waitForBid(
  { clock }: Link,
  { parcel, askId, waitMs }: { readonly parcel: Parcel; readonly askId: string; readonly waitMs: number },
): Promise<Bid | undefined> {
  return new Promise((resolve) => {
    const settle = (bid: Bid | undefined) => {
      cancel();
      parcel.bids.delete(askId);
      if (parcel.bids.size === 0) parcel.done();
      resolve(bid);
    };
    const cancel = clock.at(clock.now() + waitMs, () => settle(undefined));
    parcel.bids.set(askId, settle);
  });
}

function send(link: Link, nodeId: string, parcel: Parcel): void {
  const { asks, released, bids } = parcel;
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
  parcel.done = () => link.replies.forget(reply);
  publish(link, { nodeId, bytes, reply });
}

function publish(
  link: Link,
  parcel: { readonly nodeId: string; readonly bytes: Uint8Array; readonly reply?: string },
): void {
  const { nodeId, bytes, reply } = parcel;
  try {
    link.nc.publish(subjects.ask(nodeId), bytes, reply === undefined ? {} : { reply });
  } catch (failure) {
    // Asks may be lost; who waits for a bid is told when its time is up.
    link.trouble(`asking ${nodeId}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}
