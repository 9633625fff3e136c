import { type Msg, RequestError, TimeoutError } from "@nats-io/nats-core";
import { pause } from "@shoal/core";
import { z } from "zod";
import { type Link, requestMs, unreachable } from "./link.ts";

/** What the server's own API said. `none` when what was asked for is not there; `unknown` when it did not answer. */
export type ServerAnswer =
  | { readonly state: "ok"; readonly body: unknown }
  | { readonly state: "none" }
  | { readonly state: "error"; readonly code: number; readonly why: string }
  | { readonly state: "unknown"; readonly why: string };

/** Codes by which the server says that there is no such message, stream or consumer. */
const notThere: ReadonlySet<number> = new Set([10037, 10059, 10014]);
// From here on the fault is the server's and not the request's.
const serverFault = 500;

const Failure = z.object({
  error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }),
});

/** Asks the JetStream API once. Waits for the connection first; never rejects. */
export async function askServer(link: Link, subject: string, body: unknown): Promise<ServerAnswer> {
  if (!(await link.connected(requestMs))) return { state: "unknown", why: "there is no connection" };
  const broken = whenBroken(link);
  try {
    const asked = link.nc.request(subject, JSON.stringify(body), { timeout: requestMs });
    return answerOf(await Promise.race([asked, broken.promise]));
  } catch (failure) {
    return { state: "unknown", why: reasonOf(failure) };
  } finally {
    broken.end();
  }
}

// A request whose answer died with the connection would otherwise wait out its whole time.
function whenBroken(link: Link): { readonly promise: Promise<undefined>; end(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = link.onChange((up) => (up ? undefined : resolve(undefined)));
  return { promise, end };
}

function answerOf(message: Msg | undefined): ServerAnswer {
  if (message === undefined) return { state: "unknown", why: "the connection broke before the server answered" };
  const body: unknown = JSON.parse(message.string());
  const failed = Failure.safeParse(body);
  if (!failed.success) return { state: "ok", body };
  const { code, err_code: errorCode = 0, description = "" } = failed.data.error;
  if (notThere.has(errorCode)) return { state: "none" };
  const why = `${description} (${errorCode || code})`;
  return code >= serverFault ? { state: "unknown", why } : { state: "error", code: errorCode, why };
}

function reasonOf(failure: unknown): string {
  if (failure instanceof TimeoutError) return `the server gave no answer within ${requestMs} ms`;
  if (failure instanceof RequestError && failure.isNoResponders()) return "no stream or leader answers";
  return failure instanceof Error ? failure.message : String(failure);
}

/** Between two tries of what may succeed in a moment: during a fail-over the server says no thousands of times a second. */
export const backoff = { leastMs: 20, mostMs: 70 } as const;

/** Waits a moment of random length before the next try. */
export function shortPause({ clock, chance }: Pick<Link, "clock" | "chance">): Promise<void> {
  return pause(clock, backoff.leastMs + chance.fraction() * (backoff.mostMs - backoff.leastMs));
}

/** How long a call goes on trying before it says that the log cannot be reached: twice a replicated stream's fail-over of 4 to 5 s. */
export const patienceMs = 10_000;

/** Asks until there is an answer, for at most `patienceMs`; then Fault LOG_UNREACHABLE, which names `what`. */
export async function askPatiently(
  link: Link,
  what: string,
  request: { readonly subject: string; readonly body: unknown },
): Promise<Exclude<ServerAnswer, { state: "unknown" }>> {
  const untilAt = link.clock.now() + patienceMs;
  for (;;) {
    const answer = await askServer(link, request.subject, request.body);
    if (answer.state !== "unknown") return answer;
    if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(what, answer.why);
    await shortPause(link);
  }
}
