import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { ask, patienceMs, shortPause } from "../connection/server-request.ts";
import { status } from "../connection/status.ts";
import type { ReadMessage } from "./read-message.ts";

/**
 * The last message of a subject, from any replica: on a replicated stream it may be stale, so no decision may depend on it. Throws
 * Fault LOG_UNREACHABLE without a reply within `patienceMs`.
 */
export async function directGet(
  session: NatsSession,
  stream: string,
  subject: string,
): Promise<ReadMessage | undefined> {
  for (let untilAt = session.clock.now() + patienceMs; ; ) {
    const answer = await lookUp(session, `$JS.API.DIRECT.GET.${stream}.${subject}`);
    if (typeof answer !== "string") return answer.message;
    if (session.clock.now() >= untilAt || session.nc.isClosed()) throw unreachable(`reading ${subject}`, answer);
    await shortPause(session);
  }
}

async function lookUp(
  session: NatsSession,
  subject: string,
): Promise<{ readonly message: ReadMessage | undefined } | string> {
  const answer = await ask(session, { subject, text: "" });
  if (typeof answer === "string") return answer;
  const { headers, data } = answer;
  // A stored message may have a status too: a reply that a client made the server publish into the stream. Only that has a position.
  const isStored = headers?.has("Nats-Sequence") === true;
  if (headers?.code === status.noMessage && !isStored) return { message: undefined };
  if (headers === undefined || !(isStored || headers.code === 0))
    return headers?.status ?? "the server's answer cannot be read";
  const seq = Number(headers.get("Nats-Sequence"));
  return { message: { subject: headers.get("Nats-Subject"), seq, bytes: data, header: (name) => headers.get(name) } };
}
