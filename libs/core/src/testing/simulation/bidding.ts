import type {
  Ask,
  AskBatch,
  Bid,
  BidBatch,
  ConfirmAnswer,
  ConfirmRequest,
  Heartbeat,
  Release,
  SecretAnswer,
  SecretRequest,
} from "@shoal/proto";
import type { BidClient, BidServer } from "../../ports/bidding.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The current receivers of asks and heartbeats. */
export interface BiddingStore {
  readonly servers: Map<string, (batch: AskBatch, reply: (bids: BidBatch) => void) => void>;
  readonly listeners: Set<(heartbeat: Heartbeat) => void>;
  /** The receivers of confirmation requests: the first one answers and moves to the end. */
  readonly confirmers: Responder<ConfirmRequest, ConfirmAnswer>[];
  /** The receivers of requests for secrets, likewise. */
  readonly secretResponders: Responder<SecretRequest, SecretAnswer>[];
}

/** Answers the requests of nodes. */
type Responder<Q, A> = (nodeId: string, request: Q, reply: (answer: A) => void) => void;

export const createBiddingStore = (): BiddingStore => ({
  servers: new Map(),
  listeners: new Set(),
  confirmers: [],
  secretResponders: [],
});

/** The requester's side. Asks to one node in the same tick share a message. */
export function memoryBidClient(proc: SimulatedProcess, store: BiddingStore): BidClient {
  // By node and ask: one ask may go to many nodes.
  const waiting = new Map<string, (bid: Bid | undefined) => void>();
  const keyOf = (nodeId: string, askId: string): string => `${nodeId} ${askId}`;
  const sendBatched = batching((nodeId, batch) =>
    proc.send("market", () =>
      store.servers.get(nodeId)?.(structuredClone(batch), ({ bids }) =>
        proc.pushOnce(() => {
          for (const bid of bids) waiting.get(keyOf(nodeId, bid.askId))?.(bid);
        }),
      ),
    ),
  );
  return {
    ask(nodeId, ask, waitMs) {
      const key = keyOf(nodeId, ask.askId);
      return new Promise((resolve) => {
        const settle = (bid: Bid | undefined): void => {
          cancel();
          waiting.delete(key);
          resolve(bid);
        };
        const cancel = proc.clock.at(proc.clock.now() + waitMs, () => settle(undefined));
        waiting.set(key, settle);
        sendBatched(nodeId, { asks: [ask], released: [] });
      });
    },
    release: (nodeId, askId) => sendBatched(nodeId, { asks: [], released: [askId] }),
    onConfirm: (answer) => respond(proc, store.confirmers, answer),
    onSecretRequest: (answer) => respond(proc, store.secretResponders, answer),
    onHeartbeat: (deliver) => listen(proc, store, { deliver }),
  };
}

interface Listener {
  readonly deliver: (heartbeat: Heartbeat) => void;
  /** The node whose heartbeats are received; all when undefined. */
  readonly nodeId?: string;
}

async function listen(
  proc: SimulatedProcess,
  { listeners }: BiddingStore,
  { deliver, nodeId }: Listener,
): Promise<{ close(): Promise<void> }> {
  const receive = (heartbeat: Heartbeat): void => {
    if (nodeId === undefined || heartbeat.info.nodeId === nodeId) proc.pushOnce(() => deliver(heartbeat));
  };
  const leave = (): void => void listeners.delete(receive);
  listeners.add(receive);
  proc.onKilled(leave);
  return { close: async () => leave() };
}

/** Collects the messages to one node until the current tick ends. */
function batching(send: (nodeId: string, batch: AskBatch) => void): (nodeId: string, more: AskBatch) => void {
  const batches = new Map<string, { asks: Ask[]; released: Release[] }>();
  const flush = (nodeId: string): void => {
    const batch = batches.get(nodeId);
    batches.delete(nodeId);
    if (batch !== undefined) send(nodeId, batch);
  };
  return (nodeId, { asks, released }) => {
    const batch = batches.get(nodeId) ?? { asks: [], released: [] };
    if (!batches.has(nodeId)) queueMicrotask(() => flush(nodeId));
    batches.set(nodeId, batch);
    batch.asks.push(...asks);
    batch.released.push(...released);
  };
}

/** The node's side; the name of its simulated process is the node's id. */
export function memoryBidServer(proc: SimulatedProcess, store: BiddingStore): BidServer {
  return {
    async onAsk(answer) {
      const bidServer = (batch: AskBatch, reply: (bids: BidBatch) => void): void =>
        proc.pushOnce(() => {
          answer(batch).then(
            (bids) => proc.send("bids", () => reply(structuredClone(bids))),
            () => undefined, // A requester that cannot answer counts as silent.
          );
        });
      const leave = (): void => {
        if (store.servers.get(proc.name) === bidServer) store.servers.delete(proc.name);
      };
      store.servers.set(proc.name, bidServer);
      proc.onKilled(leave);
      return { close: async () => leave() };
    },
    heartbeat(heartbeat) {
      const copy = structuredClone(heartbeat);
      proc.send("heartbeats", () => {
        for (const receive of store.listeners) receive(copy);
      });
    },
    onOwnHeartbeat: (deliver) => listen(proc, store, { deliver, nodeId: proc.name }),
    confirm: (request, waitMs) => requestOne(proc, store.confirmers, { request, waitMs }),
    requestSecrets: (request, waitMs) => requestOne(proc, store.secretResponders, { request, waitMs }),
  };
}

/** Joins the group of requesters that answer requests of one sort. */
async function respond<Q, A>(
  proc: SimulatedProcess,
  group: Responder<Q, A>[],
  answer: (nodeId: string, request: Q) => Promise<A>,
): Promise<{ close(): Promise<void> }> {
  const responder: Responder<Q, A> = (nodeId, request, reply) =>
    proc.pushOnce(() => {
      answer(nodeId, request).then(
        (answered) => proc.send("confirm", () => reply(structuredClone(answered))),
        () => undefined, // A node that cannot answer counts as silent.
      );
    });
  const leave = (): void => {
    const at = group.indexOf(responder);
    if (at >= 0) group.splice(at, 1);
  };
  group.push(responder);
  proc.onKilled(leave);
  return { close: async () => leave() };
}

/** Sends a request to one of the group. */
function requestOne<Q, A>(
  proc: SimulatedProcess,
  group: Responder<Q, A>[],
  { request, waitMs }: { readonly request: Q; readonly waitMs: number },
): Promise<A | undefined> {
  return new Promise((resolve) => {
    const settle = (answer: A | undefined): void => {
      cancel();
      resolve(answer);
    };
    const cancel = proc.clock.at(proc.clock.now() + waitMs, () => settle(undefined));
    const asked = structuredClone(request);
    proc.send("confirm", () => {
      const responder = group.shift();
      if (responder === undefined) return;
      group.push(responder);
      responder(proc.name, asked, (answer) => proc.pushOnce(() => settle(answer)));
    });
  });
}
