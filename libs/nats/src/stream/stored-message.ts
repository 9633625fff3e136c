import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import { z } from "zod";
import type { NatsSession } from "../connection/nats-session.ts";
import { askServer } from "../connection/server-request.ts";

/** A message from the leader of a stream. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** Empty when the message has none. */
  header(name: string): string;
}

/** The leader's reply: a message, none, or no reply. */
export type MessageLookup =
  | { readonly state: "there"; readonly message: StoredMessage }
  | { readonly state: "none" }
  | { readonly state: "unknown"; readonly why: string };

const Stored = z.object({
  message: z.object({
    subject: z.string(),
    seq: z.number(),
    data: z.base64().optional(),
    hdrs: z.base64().optional(),
  }),
});

/** The last message of a subject, from the stream's leader: never stale, unlike a follower's reply. */
export function lastOnSubject(session: NatsSession, stream: string, subject: string): Promise<MessageLookup> {
  return lookUp(session, stream, { last_by_subj: subject });
}

/** The first message of a subject at or after a position, from the stream's leader. The subject may contain wildcards. */
export function nextOnSubject(
  session: NatsSession,
  stream: string,
  next: { readonly subject: string; readonly seq: number },
): Promise<MessageLookup> {
  return lookUp(session, stream, { next_by_subj: next.subject, seq: next.seq });
}

async function lookUp(session: NatsSession, stream: string, query: object): Promise<MessageLookup> {
  const answer = await askServer(session, { subject: `$JS.API.STREAM.MSG.GET.${stream}`, body: query });
  if (answer.state === "none") return { state: "none" };
  if (answer.state !== "ok") return { state: "unknown", why: answer.why };
  const stored = Stored.safeParse(answer.body);
  if (!stored.success) return { state: "unknown", why: "the server's answer cannot be read" };
  const { subject, seq, data = "", hdrs } = stored.data.message;
  const headers = hdrs === undefined ? undefined : MsgHdrsImpl.decode(Buffer.from(hdrs, "base64"));
  return {
    state: "there",
    message: { subject, seq, bytes: Buffer.from(data, "base64"), header: (name) => headers?.get(name) ?? "" },
  };
}
