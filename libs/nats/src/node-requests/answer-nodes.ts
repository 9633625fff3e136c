import { causeOf } from "@shoal/core";
import { subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";

/** The queue group of the requesters: one of them answers each request. */
const queue = "requesters";

/** A kind of request that nodes send to requesters over core NATS. */
export interface NodeRequest<Q> {
  /** Names the requests in messages. */
  readonly what: string;
  /** The subject of a node; its id is the last token. */
  readonly subject: (nodeId: string) => string;
  readonly schema: { safeParse(data: unknown): { readonly data?: Q | undefined } };
}

/**
 * Answers the requests of nodes. One that cannot be read or answered, or whose reply subject is not the node's own, gets
 * no reply.
 */
export async function answerNodes<Q>(
  link: NatsSession,
  { what, subject, schema }: NodeRequest<Q>,
  answer: (nodeId: string, request: Q) => Promise<unknown>,
): Promise<{ close(): Promise<void> }> {
  const everyNode = subject("*");
  const subscription = link.nc.subscribe(everyNode, {
    queue,
    callback: (failure, message) => {
      if (failure !== null) return link.onProblem(`${what}: ${failure.message}`);
      // The node's id is the last token of the subject. NATS permissions ensure that it is the sender's.
      const nodeId = message.subject.slice(everyNode.length - 1);
      // A reply to any other subject would be published with a requester's permissions, for example into the log.
      if (!message.reply?.startsWith(`${subjects.confirmed(nodeId)}.`)) return;
      const { data } = schema.safeParse(decodeMessage(message.data));
      if (data === undefined) return;
      answer(nodeId, data).then(
        (answered) => void link.deferred.do(() => message.respond(encodeMessage(answered))),
        (problem: unknown) => link.onProblem(`${what}: ${causeOf(problem).why}`),
      );
    },
  });
  await link.nc.flush();
  return { close: async () => subscription.unsubscribe() };
}
