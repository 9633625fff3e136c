import type { Ask, AskBatch, Bid, BidBatch, ConfirmAnswer, ConfirmRequest, Heartbeat, Release } from "@shoal/proto";

/** The requester's side of bidding and of membership. Core NATS: anything may be lost. */
export interface BidClient {
  /**
   * Asks one node. Resolves with its bid, or undefined when no answer came in `waitMs`. Asks to one node that are made in
   * the same moment travel together.
   */
  ask(nodeId: string, ask: Ask, waitMs: number): Promise<Bid | undefined>;
  /** Tells a node that so many slots of the room it holds for an ask are not needed. */
  release(nodeId: string, release: Release): void;
  /**
   * Answers nodes that ask whether executions are theirs still, until closed; of several requesters one gets each question. The
   * node's id is that of the subject, which the server vouches for.
   */
  onConfirm(
    answer: (nodeId: string, request: ConfirmRequest) => Promise<ConfirmAnswer>,
  ): Promise<{ close(): Promise<void> }>;
  /** Every heartbeat of every node. */
  onHeartbeat(deliver: (heartbeat: Heartbeat) => void): Promise<{ close(): Promise<void> }>;
}

/** The node's side. */
export interface BidServer {
  /** Answers asks until closed. */
  onAsk(answer: (batch: AskBatch) => Promise<BidBatch>): Promise<{ close(): Promise<void> }>;
  heartbeat(heartbeat: Heartbeat): void;
  /** Every heartbeat that is said under this node's id, its own ones among them. */
  onOwnHeartbeat(deliver: (heartbeat: Heartbeat) => void): Promise<{ close(): Promise<void> }>;
  /** Asks whether executions are this node's still. Resolves with undefined when no answer came in `waitMs`. Never rejects. */
  confirm(request: ConfirmRequest, waitMs: number): Promise<ConfirmAnswer | undefined>;
}
