import type { Msg } from "@nats-io/nats-core";
import { assert, type CommandBus, type CommandEnvelope, type CommandReply, resultWithin } from "@shoal/core";
import {
  Actor,
  commitBytes,
  type ErrorCode,
  errors,
  isShallow,
  nameCharsMax,
  shardIn,
  subjectOf,
  subjects,
  tokenProblem,
} from "@shoal/proto";
import { z } from "zod";
import type { NatsSession } from "./connection/nats-session.ts";
import { openReplyMux } from "./connection/reply-mux.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";

/** Maximum size of a command in bytes. A command larger than the largest commit cannot be recorded. */
export const commandBytesMax = commitBytes.max;

/** Maximum number of other requesters' commands in progress for one shard: as many as a busy owner decides in a second. */
const commandsInHandMax = 1_000;

// The limit of a command's name in a cause. An id may consist of the ids of two aggregates and a few words.
const idCharsMax = 200;

// A field that becomes a token of a subject.
const Token = z.string().refine((text) => tokenProblem(text) === undefined);

const Envelope = z.object({
  id: z.string().min(1).max(idCharsMax),
  aggregate: z.object({ kind: Token, namespace: Token.or(z.literal("")), id: Token }),
  command: z.looseObject({ name: z.string().min(1).max(nameCharsMax) }).refine(isShallow),
  actor: Actor,
});

// A code of a later version counts as no reply: the sender then decides the command itself.
const isKnown = (code: string): code is ErrorCode => Object.hasOwn(errors, code);

const Reply = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), seq: z.int().min(0), changed: z.boolean() }),
  z.object({ ok: z.literal(false), rejection: z.object({ code: z.string().refine(isKnown), why: z.string() }) }),
]);

/** Commands between requesters over core NATS: requests on `shoal.cmd.<shard>`, replies below `shoal.done.<requesterId>`. */
export function createCommandBus(session: NatsSession, requesterId: string): CommandBus {
  const problem = tokenProblem(requesterId);
  assert(problem === undefined, `requester id "${requesterId}" cannot be part of a subject: ${problem}`);
  const replies = openReplyMux(session.nc, subjects.commandDone(requesterId));
  const onProblem = (failure: unknown): void =>
    session.onProblem(`commands: ${failure instanceof Error ? failure.message : String(failure)}`);
  return {
    async send(shard, envelope, waitMs) {
      const { promise, resolve } = Promise.withResolvers<CommandReply | undefined>();
      const reply = replies.open(({ data }) => {
        // An empty reply is the server's "no responders": no requester serves this shard.
        if (data.length === 0) return resolve(undefined);
        const answer = Reply.safeParse(decodeMessage(data));
        if (answer.success) resolve(answer.data);
      });
      try {
        const bytes = encodeMessage(envelope);
        if (bytes.length > commandBytesMax) return undefined;
        session.nc.publish(subjects.command(shard), bytes, { reply });
        return await resultWithin(promise, { clock: session.clock, limitMs: waitMs });
      } catch (failure) {
        onProblem(failure);
        return undefined;
      } finally {
        replies.forget(reply);
      }
    },
    serve: (shard, handle) => serve(session, { shard, handle, onProblem }),
  };
}

interface ServedShard {
  readonly shard: number;
  readonly handle: (envelope: CommandEnvelope) => Promise<CommandReply>;
  readonly onProblem: (failure: unknown) => void;
}

async function serve(
  session: NatsSession,
  { shard, handle, onProblem }: ServedShard,
): Promise<{ close(): Promise<void> }> {
  let inHand = 0;
  const subscription = session.nc.subscribe(subjects.command(shard), {
    callback: (failure, message) => {
      if (failure !== null) return onProblem(failure);
      // A reply to any other subject would be published with a requester's permissions, for example into the log.
      if (!message.reply?.startsWith(subjects.commandDone(""))) return;
      if (inHand >= commandsInHandMax) return;
      const envelope = envelopeIn(message.data, shard);
      if (envelope === undefined) return session.onProblem("ignored a command that cannot be read", "warn");
      inHand++;
      handle(envelope)
        .then((reply) => answer(session, message, reply))
        .catch(onProblem)
        .finally(() => inHand--);
    },
  });
  await session.flushed();
  return { close: async () => subscription.unsubscribe() };
}

function answer(session: NatsSession, message: Msg, reply: CommandReply): void {
  const bytes = encodeMessage(reply);
  session.deferred.do(() => void (session.nc.isClosed() || message.respond(bytes)));
}

function envelopeIn(bytes: Uint8Array, shard: number): CommandEnvelope | undefined {
  if (bytes.length > commandBytesMax) return undefined;
  const envelope = Envelope.safeParse(decodeMessage(bytes));
  return envelope.success && shardIn(subjectOf(envelope.data.aggregate)) === shard ? envelope.data : undefined;
}
