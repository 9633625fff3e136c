import { type ConfirmAnswer, ConfirmRequest, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";

/** Requesters share the questions: each is answered by one of them. */
const queue = "requesters";

/** Answers nodes that ask whether executions are theirs still. A question that cannot be read or answered, or that asks for its answer elsewhere, gets none. */
export async function answerConfirmations(
  link: NatsSession,
  answer: (nodeId: string, request: ConfirmRequest) => Promise<ConfirmAnswer>,
): Promise<{ close(): Promise<void> }> {
  const everyNode = subjects.confirm("*");
  const subscription = link.nc.subscribe(everyNode, {
    queue,
    callback: (failure, message) => {
      if (failure !== null) return link.onProblem(`confirmations: ${failure.message}`);
      // The server vouches for the subject: the node's id is its last token.
      const nodeId = message.subject.slice(everyNode.length - 1);
      // An answer to any other subject would be published there with a requester's rights, into the log for one.
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
