import { type ConfirmAnswer, ConfirmRequest, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";

/** The queue group of the requesters: one of them answers each request. */
const queue = "requesters";

/**
 * Answers nodes that ask whether executions are still assigned to them. A request that cannot be read or answered, or whose reply
 * subject is not the node's own, gets no reply.
 */
export async function answerConfirmations(
  link: NatsSession,
  answer: (nodeId: string, request: ConfirmRequest) => Promise<ConfirmAnswer>,
): Promise<{ close(): Promise<void> }> {
  const everyNode = subjects.confirm("*");
  const subscription = link.nc.subscribe(everyNode, {
    queue,
    callback: (failure, message) => {
      if (failure !== null) return link.onProblem(`confirmations: ${failure.message}`);
      // The node's id is the last token of the subject. NATS permissions ensure that it is the sender's.
      const nodeId = message.subject.slice(everyNode.length - 1);
      // A reply to any other subject would be published with a requester's permissions, for example into the log.
      if (!message.reply?.startsWith(`${subjects.confirmed(nodeId)}.`)) return;
      const request = ConfirmRequest.safeParse(decodeMessage(message.data));
      if (!request.success) return;
      answer(nodeId, request.data).then(
        (verdicts) => void link.deferred.do(() => message.respond(encodeMessage(verdicts))),
        (problem: unknown) =>
          link.onProblem(`confirmations: ${problem instanceof Error ? problem.message : String(problem)}`),
      );
    },
  });
  await link.nc.flush();
  return { close: async () => subscription.unsubscribe() };
}
