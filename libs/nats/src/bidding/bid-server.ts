import type { BidServer } from "@shoal/core";
import { AskBatch, type BidBatch, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { openReplyMux } from "../connection/reply-mux.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { followHeartbeats } from "./heartbeats.ts";
import { askRequesters, confirmRequests, secretRequests } from "./node-requests.ts";

/** The node's side of bidding over core NATS. */
export function createBidServer(link: NatsSession, nodeId: string): BidServer {
  const replies = openReplyMux(link.nc, subjects.confirmed(nodeId));
  async function receive(
    bytes: Uint8Array,
    answer: (batch: AskBatch) => Promise<BidBatch>,
  ): Promise<Uint8Array | undefined> {
    const batch = AskBatch.safeParse(decodeMessage(bytes));
    if (!batch.success) {
      link.onProblem(`an ask cannot be read: ${batch.error.issues[0]?.message ?? ""}`, "warn");
      return undefined;
    }
    return encodeMessage(await answer(batch.data));
  }
  return {
    async onAsk(answer) {
      const subscription = link.nc.subscribe(subjects.ask(nodeId), {
        callback: (failure, message) => {
          if (failure !== null) return link.onProblem(`asks: ${failure.message}`);
          receive(message.data, answer).then(
            (bids) =>
              bids === undefined || !message.reply ? undefined : link.deferred.do(() => message.respond(bids)),
            (problem: unknown) =>
              link.onProblem(`asks: ${problem instanceof Error ? problem.message : String(problem)}`),
          );
        },
      });
      await link.flushed();
      return { close: async () => subscription.unsubscribe() };
    },
    heartbeat(heartbeat) {
      if (!link.nc.isClosed()) link.nc.publish(subjects.heartbeat(nodeId), encodeMessage(heartbeat));
    },
    onOwnHeartbeat: (deliver) => followHeartbeats(link, nodeId, deliver),
    confirm: (request, waitMs) => askRequesters(link, confirmRequests, { nodeId, request, replies, waitMs }),
    requestSecrets: (request, waitMs) => askRequesters(link, secretRequests, { nodeId, request, replies, waitMs }),
  };
}
