import type { Ask, AskBatch, Bid, BidBatch, Heartbeat, Release } from "@shoal/proto";

/** The requester's side of bidding and of membership. Core NATS: anything may be lost. */
export interface Market {
  /**
   * Asks one node. Resolves with its bid, or undefined when no answer came in `waitMs`. Asks to one node that are made in
   * the same moment travel together.
   */
  ask(nodeId: string, ask: Ask, waitMs: number): Promise<Bid | undefined>;
  /** Tells a node that so many slots of the room it holds for an ask are not needed. */
  release(nodeId: string, release: Release): void;
  /** Every heartbeat of every node. */
  onHeartbeat(deliver: (heartbeat: Heartbeat) => void): Promise<{ close(): Promise<void> }>;
}

/** The node's side. */
export interface Stall {
  /** Answers asks until closed. */
  onAsk(answer: (batch: AskBatch) => Promise<BidBatch>): Promise<{ close(): Promise<void> }>;
  heartbeat(heartbeat: Heartbeat): void;
}
