import { resultWithin } from "@shoal/core";
import {
  ConfirmAnswer,
  ConfirmRequest,
  SecretAnswer,
  SecretRequest,
  subjects,
  UploadAnswer,
  UploadRequest,
} from "@shoal/proto";
import type { z } from "zod";
import type { NatsSession } from "../connection/nats-session.ts";
import type { ReplyMux } from "../connection/reply-mux.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";

/** The queue group of the requesters: one of them answers each request. */
const queue = "requesters";

/** A sort of request that nodes send to the requesters. */
export interface NodeRequestSort<Q, A> {
  /** For messages to the log. */
  readonly name: string;
  readonly subject: (nodeId: string) => string;
  readonly request: z.ZodType<Q>;
  readonly answer: z.ZodType<A>;
}

/** Whether executions are still assigned to the node. */
export const confirmRequests: NodeRequestSort<ConfirmRequest, ConfirmAnswer> = {
  name: "confirmations",
  subject: subjects.confirm,
  request: ConfirmRequest,
  answer: ConfirmAnswer,
};

/** The right to store the result of an execution. */
export const uploadRequests: NodeRequestSort<UploadRequest, UploadAnswer> = {
  name: "requests for uploads",
  subject: subjects.upload,
  request: UploadRequest,
  answer: UploadAnswer,
};

/** The secrets of an execution. */
export const secretRequests: NodeRequestSort<SecretRequest, SecretAnswer> = {
  name: "requests for secrets",
  subject: subjects.secrets,
  request: SecretRequest,
  answer: SecretAnswer,
};

/**
 * Answers the requests of nodes, of one sort. A request that cannot be read or answered, or whose reply subject is not the node's own,
 * gets no reply.
 */
export async function answerNodes<Q, A>(
  session: NatsSession,
  sort: NodeRequestSort<Q, A>,
  answer: (nodeId: string, request: Q) => Promise<A>,
): Promise<{ close(): Promise<void> }> {
  const everyNode = sort.subject("*");
  const report = (problem: unknown): void =>
    session.onProblem(`${sort.name}: ${problem instanceof Error ? problem.message : String(problem)}`);
  const subscription = session.nc.subscribe(everyNode, {
    queue,
    callback: (failure, message) => {
      if (failure !== null) return report(failure);
      // The node's id is the last token of the subject. NATS permissions ensure that it is the sender's.
      const nodeId = message.subject.slice(everyNode.length - 1);
      // A reply to any other subject would be published with a requester's permissions, for example into the log.
      if (!message.reply?.startsWith(`${subjects.confirmed(nodeId)}.`)) return;
      const request = sort.request.safeParse(decodeMessage(message.data));
      if (!request.success) return;
      answer(nodeId, request.data).then(
        (answered) => void session.deferred.do(() => message.respond(encodeMessage(answered))),
        report,
      );
    },
  });
  await session.flushed();
  return { close: async () => subscription.unsubscribe() };
}

/** A node's request to any requester. */
export interface NodeRequest<Q> {
  readonly nodeId: string;
  readonly request: Q;
  readonly replies: ReplyMux;
  readonly waitMs: number;
}

/** Sends a request of one sort. Resolves with undefined when no readable answer came in time. Never rejects. */
export async function askRequesters<Q, A>(
  session: NatsSession,
  sort: NodeRequestSort<Q, A>,
  { nodeId, request, replies, waitMs }: NodeRequest<Q>,
): Promise<A | undefined> {
  const { promise, resolve } = Promise.withResolvers<A | undefined>();
  // An empty reply is the server's "no responders": it counts as no reply.
  const reply = replies.open((message) => resolve(sort.answer.safeParse(decodeMessage(message.data)).data));
  try {
    session.nc.publish(sort.subject(nodeId), encodeMessage(request), { reply });
    return await resultWithin(promise, { clock: session.clock, limitMs: waitMs });
  } catch (failure) {
    session.onProblem(`${sort.name}: ${failure instanceof Error ? failure.message : String(failure)}`);
    return undefined;
  } finally {
    replies.forget(reply);
  }
}
