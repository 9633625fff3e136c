import { type ConfirmAnswer, ConfirmRequest, subjects } from "@shoal/proto";
import { encode, tryDecode } from "../codec/plain-maps.ts";
import type { Link } from "../connection/link.ts";

/** Requesters share the questions: each is answered by one of them. */
const queue = "requesters";

/** Answers nodes that ask whether executions are theirs still. A question that cannot be read, or answered, gets no answer. */
export async function answerConfirmations(
  link: Link,
  answer: (nodeId: string, request: ConfirmRequest) => Promise<ConfirmAnswer>,
): Promise<{ close(): Promise<void> }> {
  const everyNode = subjects.confirm("*");
  const subscription = link.nc.subscribe(everyNode, {
    queue,
    callback: (failure, message) => {
      if (failure !== null) return link.trouble(`confirmations: ${failure.message}`);
      const request = ConfirmRequest.safeParse(tryDecode(message.data));
      if (!request.success || !message.reply) return;
      // The server vouches for the subject: the node's id is its last token.
      const nodeId = message.subject.slice(everyNode.length - 1);
      answer(nodeId, request.data).then(
        (verdicts) => void link.later.do(() => message.respond(encode(verdicts))),
        (problem: unknown) =>
          link.trouble(`confirmations: ${problem instanceof Error ? problem.message : String(problem)}`),
      );
    },
  });
  await link.nc.flush();
  return { close: async () => subscription.unsubscribe() };
}
