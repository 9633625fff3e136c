import type { Msg } from "@nats-io/nats-core";
import { Fault, pause } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, requestMs, unreachable } from "./nats-session.ts";
import { serverFault, status } from "./status.ts";

/** The reply of the JetStream API. `none` when the message, stream or consumer does not exist; `unknown` without a reply. */
export type ServerAnswer =
  | { readonly state: "ok"; readonly body: unknown }
  | { readonly state: "none" }
  | { readonly state: "error"; readonly code: number; readonly why: string }
  | { readonly state: "unknown"; readonly why: string; readonly refused?: boolean };

/** Error codes for a message, stream or consumer that does not exist. */
const notThere: ReadonlySet<number> = new Set([10037, 10059, 10014]);

const Failure = z.object({
  error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }),
});

/** A request to the JetStream API. It must be idempotent. */
export interface ServerRequest {
  readonly subject: string;
  readonly body: unknown;
  /** Timeout of the reply; `requestMs` when left out. */
  readonly withinMs?: number;
}

/** Sends a request to the JetStream API. Waits for the connection first; never rejects. */
export async function askServer(
  session: NatsSession,
  { subject, body, withinMs }: ServerRequest,
): Promise<ServerAnswer> {
  const answer = await ask(session, { subject, text: JSON.stringify(body), withinMs });
  if (typeof answer !== "string") return answerOf(answer);
  return { state: "unknown", why: answer, ...(answer.startsWith(refusedWords) ? { refused: true } : {}) };
}

// The prefix of the reason when this user has no permission for the request.
const refusedWords = "not permitted: ";

// A stream without a leader drops requests silently, and has a new leader after 4 to 8 s (measured).
const againMs = 1_000;

/**
 * The first reply, or why none came in time. Repeats the request every `againMs`, so that a new leader gets it soon. Waits for the
 * connection first; never rejects.
 */
export async function ask(
  session: NatsSession,
  question: { readonly subject: string; readonly text: string; readonly withinMs?: number | undefined },
): Promise<Msg | string> {
  const { subject, text, withinMs = requestMs } = question;
  if (!(await session.connected(requestMs))) return "not connected";
  const { promise, resolve } = Promise.withResolvers<Msg | string>();
  const reply = session.replies.open((message) =>
    resolve(message.headers?.code === status.noResponders ? "no stream or leader listens on the subject" : message),
  );
  // A request that is lost with the connection would otherwise wait for its whole timeout.
  const endListening = session.onChange((up) =>
    up ? undefined : resolve("the connection broke before the server answered"),
  );
  // The server reports a request or a reply subject without permission as an error of the connection.
  const endRefusals = session.onRefused(({ operation, subject: refused, why }) => {
    if (operation === "publish" ? refused === subject : isUnder(reply, refused)) resolve(`${refusedWords}${why}`);
  });
  const untilAt = session.clock.now() + withinMs;
  let cancelAlarm = () => {};
  const publish = () => {
    if (session.clock.now() >= untilAt) return resolve(`no reply from the server within ${withinMs} ms`);
    // Listeners hear of the end only when the socket has closed; a publish before that throws, in a timer.
    if (session.nc.isClosed()) return resolve("the connection is closed");
    session.nc.publish(subject, text, { reply });
    cancelAlarm = session.clock.at(Math.min(session.clock.now() + againMs, untilAt), publish);
  };
  try {
    publish();
    return await promise;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  } finally {
    cancelAlarm();
    endListening();
    endRefusals();
    session.replies.forget(reply);
  }
}

/** Whether a reply subject is under the wildcard inbox that was refused. */
const isUnder = (reply: string, refused: string): boolean => reply.startsWith(refused.replace(/[*>]$/, ""));

function answerOf(message: Msg): ServerAnswer {
  const body: unknown = JSON.parse(message.string());
  const failed = Failure.safeParse(body);
  if (!failed.success) return { state: "ok", body };
  const { code, err_code: errorCode = 0, description = "" } = failed.data.error;
  if (notThere.has(errorCode)) return { state: "none" };
  const why = `${description} (${errorCode || code})`;
  return code >= serverFault ? { state: "unknown", why } : { state: "error", code: errorCode, why };
}

/** Delay between two attempts that may soon succeed: during a fail-over the server refuses thousands of requests per second. */
export const backoff = { leastMs: 20, mostMs: 70 } as const;

/** Waits for a short random time before the next attempt. */
export function shortPause({ clock, random }: Pick<NatsSession, "clock" | "random">): Promise<void> {
  return pause(clock, backoff.leastMs + random.fraction() * (backoff.mostMs - backoff.leastMs));
}

/**
 * How long a call retries before it fails with LOG_UNREACHABLE: more than twice a replicated stream's fail-over of 4 to 8 s
 * (measured), and less than the 30 s timeout of a client.
 */
export const patienceMs = 20_000;

/**
 * Repeats a request until it is answered, for at most `patienceMs`; then throws Fault LOG_UNREACHABLE, which names `what`. Throws Fault
 * NATS_REFUSED at once when the user has no permission for the request.
 */
export async function askPatiently(
  session: NatsSession,
  what: string,
  question: ServerRequest,
): Promise<Exclude<ServerAnswer, { state: "unknown" }>> {
  const untilAt = session.clock.now() + patienceMs;
  for (;;) {
    const answer = await askServer(session, question);
    if (answer.state !== "unknown") return answer;
    if (answer.refused === true)
      throw new Fault("NATS_REFUSED", `${session.user()} may not read the log: ${what} is ${answer.why}`);
    if (session.clock.now() >= untilAt || session.nc.isClosed()) throw unreachable(what, answer.why);
    await shortPause(session);
  }
}
