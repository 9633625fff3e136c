import type { BidServer } from "@shoal/core";
import { AskBatch, type BidBatch, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { openReplyMux } from "../connection/reply-mux.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { followHeartbeats } from "./heartbeats.ts";
import { askRequesters, confirmRequests, secretRequests } from "./node-requests.ts";

/** The node's side of bidding over core NATS. */
export function createBidServer(session: NatsSession, nodeId: string): BidServer {
  const replies = openReplyMux(session.nc, subjects.confirmed(nodeId));
  async function receive(
    bytes: Uint8Array,
    answer: (batch: AskBatch) => Promise<BidBatch>,
  ): Promise<Uint8Array | undefined> {
    const batch = AskBatch.safeParse(decodeMessage(bytes));
    if (!batch.success) {
      session.onProblem(`an ask cannot be read: ${batch.error.issues[0]?.message ?? ""}`, "warn");
      return undefined;
    }
    return encodeMessage(await answer(batch.data));
  }
  return {
    async onAsk(answer) {
      const subscription = session.nc.subscribe(subjects.ask(nodeId), {
        callback: (failure, message) => {
          if (failure !== null) return session.onProblem(`asks: ${failure.message}`);
          receive(message.data, answer).then(
            (bids) =>
              bids === undefined || !message.reply ? undefined : session.deferred.do(() => message.respond(bids)),
            (problem: unknown) =>
              session.onProblem(`asks: ${problem instanceof Error ? problem.message : String(problem)}`),
          );
        },
      });
      await session.flushed();
      return { close: async () => subscription.unsubscribe() };
    },
    heartbeat(heartbeat) {
      if (!session.nc.isClosed()) session.nc.publish(subjects.heartbeat(nodeId), encodeMessage(heartbeat));
    },
    onOwnHeartbeat: (deliver) => followHeartbeats(session, nodeId, deliver),
    confirm: (request, waitMs) => askRequesters(session, confirmRequests, { nodeId, request, replies, waitMs }),
    requestSecrets: (request, waitMs) => askRequesters(session, secretRequests, { nodeId, request, replies, waitMs }),
  };
}
