import { causeOf, resultWithin } from "@shoal/core";
import { subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { openReplyMux } from "../connection/reply-mux.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";

interface Asked<A> {
  /** Names the request in messages. */
  readonly what: string;
  readonly subject: string;
  readonly schema: { safeParse(data: unknown): { readonly data?: A | undefined } };
  readonly request: unknown;
  readonly waitMs: number;
}

/** Sends one request. Resolves with undefined when no readable answer came in time. Never rejects. */
export type RequestAnswer = <A>(asked: Asked<A>) => Promise<A | undefined>;

/** The node's side of requests to requesters; all of them share one subscription. */
export function requestAnswers(link: NatsSession, nodeId: string): RequestAnswer {
  const replies = openReplyMux(link.nc, subjects.confirmed(nodeId));
  return async <A>({ what, subject, schema, request, waitMs }: Asked<A>) => {
    const { promise, resolve } = Promise.withResolvers<A | undefined>();
    // An empty reply is the server's "no responders": it counts as no reply.
    const reply = replies.open((message) => resolve(schema.safeParse(decodeMessage(message.data)).data));
    try {
      link.nc.publish(subject, encodeMessage(request), { reply });
      return await resultWithin(promise, { clock: link.clock, limitMs: waitMs });
    } catch (failure) {
      link.onProblem(`${what}: ${causeOf(failure).why}`);
      return undefined;
    } finally {
      replies.forget(reply);
    }
  };
}
