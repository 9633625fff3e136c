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

/** The requester's side of bidding and of membership. Core NATS: anything may be lost. */
export interface BidClient {
  /**
   * Sends an ask to one node. Resolves with its bid, or undefined when no answer came in `waitMs`. Asks to one node in
   * the same tick share a message.
   */
  ask(nodeId: string, ask: Ask, waitMs: number): Promise<Bid | undefined>;
  /** Releases slots that a node holds for an ask and that are not needed. */
  release(nodeId: string, release: Release): void;
  /**
   * Answers the confirmation requests of nodes, until closed; each request goes to one of several requesters. The
   * node's id is the one in the subject, which the server's permissions guarantee.
   */
  onConfirm(
    answer: (nodeId: string, request: ConfirmRequest) => Promise<ConfirmAnswer>,
  ): Promise<{ close(): Promise<void> }>;
  /** Answers requests for secrets as `onConfirm` answers confirmations. A request that `answer` rejects gets no answer. */
  onSecretRequest(
    answer: (nodeId: string, request: SecretRequest) => Promise<SecretAnswer>,
  ): Promise<{ close(): Promise<void> }>;
  /** Every heartbeat of every node. */
  onHeartbeat(deliver: (heartbeat: Heartbeat) => void): Promise<{ close(): Promise<void> }>;
}

/** The node's side. */
export interface BidServer {
  /** Answers asks until closed. */
  onAsk(answer: (batch: AskBatch) => Promise<BidBatch>): Promise<{ close(): Promise<void> }>;
  heartbeat(heartbeat: Heartbeat): void;
  /** Every heartbeat with this node's id, including its own. */
  onOwnHeartbeat(deliver: (heartbeat: Heartbeat) => void): Promise<{ close(): Promise<void> }>;
  /** Asks whether this node still owns executions. Resolves with undefined when no answer came in `waitMs`. Never rejects. */
  confirm(request: ConfirmRequest, waitMs: number): Promise<ConfirmAnswer | undefined>;
  /** Asks for the secrets of an execution. Resolves with undefined when no answer came in `waitMs`. Never rejects. */
  requestSecrets(request: SecretRequest, waitMs: number): Promise<SecretAnswer | undefined>;
}
