import type { Ask, AskBatch, Bid, BidBatch, ConfirmAnswer, ConfirmRequest, Heartbeat, Release } from "@shoal/proto";
import type { Market, Stall } from "../../ports/market.ts";
import type { Berth } from "./berth.ts";

/** Who answers asks and who hears heartbeats now. */
export interface MarketStore {
  readonly stalls: Map<string, (batch: AskBatch, reply: (bids: BidBatch) => void) => void>;
  readonly listeners: Set<(heartbeat: Heartbeat) => void>;
  /** Who answers what nodes ask to be confirmed: the first one, who is the last one afterwards. */
  readonly confirmers: Confirmer[];
}

type Confirmer = (nodeId: string, request: ConfirmRequest, reply: (answer: ConfirmAnswer) => void) => void;

export const createMarketStore = (): MarketStore => ({ stalls: new Map(), listeners: new Set(), confirmers: [] });

/** The requester's side. Asks to one node that are made in the same moment travel together. */
export function memoryMarket(berth: Berth, store: MarketStore): Market {
  // By node and ask: one ask may go to many nodes.
  const waiting = new Map<string, (bid: Bid | undefined) => void>();
  const keyOf = (nodeId: string, askId: string): string => `${nodeId} ${askId}`;
  const say = batching((nodeId, batch) =>
    berth.tell("market", () =>
      store.stalls.get(nodeId)?.(structuredClone(batch), ({ bids }) =>
        berth.hearsMaybe(() => {
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
        const cancel = berth.clock.at(berth.clock.now() + waitMs, () => settle(undefined));
        waiting.set(key, settle);
        say(nodeId, { asks: [ask], released: [] });
      });
    },
    release: (nodeId, askId) => say(nodeId, { asks: [], released: [askId] }),
    async onConfirm(answer) {
      const confirmer: Confirmer = (nodeId, request, reply) =>
        berth.hearsMaybe(() => {
          answer(nodeId, request).then(
            (verdicts) => berth.tell("confirm", () => reply(structuredClone(verdicts))),
            () => undefined, // Who cannot answer is one who does not.
          );
        });
      const leave = (): void => {
        const at = store.confirmers.indexOf(confirmer);
        if (at >= 0) store.confirmers.splice(at, 1);
      };
      store.confirmers.push(confirmer);
      berth.onKilled(leave);
      return { close: async () => leave() };
    },
    onHeartbeat: (deliver) => listen(berth, store, { deliver }),
  };
}

interface Listener {
  readonly deliver: (heartbeat: Heartbeat) => void;
  /** The node of which it hears; all when it is undefined. */
  readonly nodeId?: string;
}

async function listen(
  berth: Berth,
  { listeners }: MarketStore,
  { deliver, nodeId }: Listener,
): Promise<{ close(): Promise<void> }> {
  const hear = (heartbeat: Heartbeat): void => {
    if (nodeId === undefined || heartbeat.info.nodeId === nodeId) berth.hearsMaybe(() => deliver(heartbeat));
  };
  const leave = (): void => void listeners.delete(hear);
  listeners.add(hear);
  berth.onKilled(leave);
  return { close: async () => leave() };
}

/** Gathers what is said to one node until the code that runs now has ended. */
function batching(send: (nodeId: string, batch: AskBatch) => void): (nodeId: string, said: AskBatch) => void {
  const gathered = new Map<string, { asks: Ask[]; released: Release[] }>();
  const flush = (nodeId: string): void => {
    const batch = gathered.get(nodeId);
    gathered.delete(nodeId);
    if (batch !== undefined) send(nodeId, batch);
  };
  return (nodeId, { asks, released }) => {
    const batch = gathered.get(nodeId) ?? { asks: [], released: [] };
    if (!gathered.has(nodeId)) queueMicrotask(() => flush(nodeId));
    gathered.set(nodeId, batch);
    batch.asks.push(...asks);
    batch.released.push(...released);
  };
}

/** The node's side; its berth's name is the node's id. */
export function memoryStall(berth: Berth, store: MarketStore): Stall {
  return {
    async onAsk(answer) {
      const stall = (batch: AskBatch, reply: (bids: BidBatch) => void): void =>
        berth.hearsMaybe(() => {
          answer(batch).then(
            (bids) => berth.tell("bids", () => reply(structuredClone(bids))),
            () => undefined, // Who cannot answer is one who does not.
          );
        });
      const leave = (): void => {
        if (store.stalls.get(berth.name) === stall) store.stalls.delete(berth.name);
      };
      store.stalls.set(berth.name, stall);
      berth.onKilled(leave);
      return { close: async () => leave() };
    },
    heartbeat(heartbeat) {
      const said = structuredClone(heartbeat);
      berth.tell("heartbeats", () => {
        for (const hear of store.listeners) hear(said);
      });
    },
    onOwnHeartbeat: (deliver) => listen(berth, store, { deliver, nodeId: berth.name }),
    confirm(request, waitMs) {
      return new Promise((resolve) => {
        const settle = (answer: ConfirmAnswer | undefined): void => {
          cancel();
          resolve(answer);
        };
        const cancel = berth.clock.at(berth.clock.now() + waitMs, () => settle(undefined));
        const asked = structuredClone(request);
        berth.tell("confirm", () => {
          const confirmer = store.confirmers.shift();
          if (confirmer === undefined) return;
          store.confirmers.push(confirmer);
          confirmer(berth.name, asked, (answer) => berth.hearsMaybe(() => settle(answer)));
        });
      });
    },
  };
}
