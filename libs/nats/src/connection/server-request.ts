import type { Msg } from "@nats-io/nats-core";
import { Fault, pause } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, requestMs, unreachable } from "./nats-session.ts";
import { serverFault, status } from "./status.ts";

/** What the server's own API said. `none` when what was asked for is not there; `unknown` when it did not answer. */
export type ServerAnswer =
  | { readonly state: "ok"; readonly body: unknown }
  | { readonly state: "none" }
  | { readonly state: "error"; readonly code: number; readonly why: string }
  | { readonly state: "unknown"; readonly why: string; readonly refused?: boolean };

/** Codes by which the server says that there is no such message, stream or consumer. */
const notThere: ReadonlySet<number> = new Set([10037, 10059, 10014]);

const Failure = z.object({
  error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }),
});

/** What is asked of the server. It must be safe to ask for it twice. */
export interface ServerRequest {
  readonly subject: string;
  readonly body: unknown;
  /** How long to wait for an answer; `requestMs` when left out. */
  readonly withinMs?: number;
}

/** Asks the JetStream API. Waits for the connection first; never rejects. */
export async function askServer(link: NatsSession, { subject, body, withinMs }: ServerRequest): Promise<ServerAnswer> {
  const answer = await ask(link, { subject, text: JSON.stringify(body), withinMs });
  if (typeof answer !== "string") return answerOf(answer);
  return { state: "unknown", why: answer, ...(answer.startsWith(refusedWords) ? { refused: true } : {}) };
}

// How the reason begins when this user's rights do not allow the question.
const refusedWords = "not permitted: ";

// A stream without a leader lets a question fall without a word, and has a new one after 4 to 8 s (measured).
const againMs = 1_000;

/**
 * The first message that answers, or why there is none in time. It asks again every `againMs`, so that whoever can
 * answer in the end is asked soon. Waits for the connection first; never rejects.
 */
export async function ask(
  link: NatsSession,
  question: { readonly subject: string; readonly text: string; readonly withinMs?: number | undefined },
): Promise<Msg | string> {
  const { subject, text, withinMs = requestMs } = question;
  if (!(await link.connected(requestMs))) return "there is no connection";
  const { promise, resolve } = Promise.withResolvers<Msg | string>();
  const reply = link.replies.open((message) =>
    resolve(message.headers?.code === status.noResponders ? "no stream or leader answers" : message),
  );
  // What dies with the connection would otherwise wait out its whole time.
  const endListening = link.onChange((up) =>
    up ? undefined : resolve("the connection broke before the server answered"),
  );
  // The server answers a question that the user may not ask, or whose answer it may not hear, with an error on the connection.
  const endRefusals = link.onRefused(({ operation, subject: refused, why }) => {
    if (operation === "publish" ? refused === subject : isUnder(reply, refused)) resolve(`${refusedWords}${why}`);
  });
  const untilAt = link.clock.now() + withinMs;
  let cancelAlarm = () => {};
  const say = () => {
    if (link.clock.now() >= untilAt) return resolve(`the server gave no answer within ${withinMs} ms`);
    link.nc.publish(subject, text, { reply });
    cancelAlarm = link.clock.at(Math.min(link.clock.now() + againMs, untilAt), say);
  };
  try {
    say();
    return await promise;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  } finally {
    cancelAlarm();
    endListening();
    endRefusals();
    link.replies.forget(reply);
  }
}

/** Whether a reply subject lies under the wildcard inbox that was refused. */
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

/** Between two tries of what may succeed in a moment: during a fail-over the server says no thousands of times a second. */
export const backoff = { leastMs: 20, mostMs: 70 } as const;

/** Waits a moment of random length before the next try. */
export function shortPause({ clock, random }: Pick<NatsSession, "clock" | "random">): Promise<void> {
  return pause(clock, backoff.leastMs + random.fraction() * (backoff.mostMs - backoff.leastMs));
}

/**
 * How long a call goes on trying before it says that the log cannot be reached: more than twice a replicated stream's
 * fail-over of 4 to 8 s (measured), and less than the 30 s that a client waits for an answer.
 */
export const patienceMs = 20_000;

/**
 * Asks until there is an answer, for at most `patienceMs`; then Fault LOG_UNREACHABLE, which names `what`. Throws Fault NATS_REFUSED at
 * once when the user's rights do not allow the question.
 */
export async function askPatiently(
  link: NatsSession,
  what: string,
  question: ServerRequest,
): Promise<Exclude<ServerAnswer, { state: "unknown" }>> {
  const untilAt = link.clock.now() + patienceMs;
  for (;;) {
    const answer = await askServer(link, question);
    if (answer.state !== "unknown") return answer;
    if (answer.refused === true)
      throw new Fault("NATS_REFUSED", `${link.user()} may not read the log: ${what} is ${answer.why}`);
    if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(what, answer.why);
    await shortPause(link);
  }
}
