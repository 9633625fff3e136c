import { type BidServer, resultWithin } from "@shoal/core";
import { AskBatch, type BidBatch, ConfirmAnswer, type ConfirmRequest, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { openReplyMux, type ReplyMux } from "../connection/reply-mux.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { followHeartbeats } from "./heartbeats.ts";

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
      await link.nc.flush();
      return { close: async () => subscription.unsubscribe() };
    },
    heartbeat(heartbeat) {
      if (!link.nc.isClosed()) link.nc.publish(subjects.heartbeat(nodeId), encodeMessage(heartbeat));
    },
    onOwnHeartbeat: (deliver) => followHeartbeats(link, nodeId, deliver),
    confirm: (request, waitMs) => confirm(link, { nodeId, request, replies, waitMs }),
  };
}

interface ConfirmQuestion {
  readonly nodeId: string;
  readonly request: ConfirmRequest;
  readonly replies: ReplyMux;
  readonly waitMs: number;
}

async function confirm(link: NatsSession, question: ConfirmQuestion): Promise<ConfirmAnswer | undefined> {
  const { nodeId, request, replies, waitMs } = question;
  const { promise, resolve } = Promise.withResolvers<ConfirmAnswer | undefined>();
  // An empty reply is the server's "no responders": it counts as no reply.
  const reply = replies.open((message) => resolve(ConfirmAnswer.safeParse(decodeMessage(message.data)).data));
  try {
    link.nc.publish(subjects.confirm(nodeId), encodeMessage(request), { reply });
    return await resultWithin(promise, { clock: link.clock, limitMs: waitMs });
  } catch (failure) {
    link.onProblem(`confirming executions: ${failure instanceof Error ? failure.message : String(failure)}`);
    return undefined;
  } finally {
    replies.forget(reply);
  }
}
