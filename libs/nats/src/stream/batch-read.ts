import type { Msg } from "@nats-io/nats-core";
import { resultWithin } from "@shoal/core";
import { type NatsSession, requestMs, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { status } from "../connection/status.ts";
import type { ReadMessage } from "./read-message.ts";
import { nextOnSubject } from "./stored-message.ts";

// The messages of one request: the server sends them in one batch, and most aggregates fit into one.
const pageMessages = 256;

/** The messages of a subject (wildcards allowed) after a position. */
export interface BatchPlace {
  readonly stream: string;
  readonly subject: string;
  readonly afterSeq: number;
  /** The last position to read; the end of the stream when left out. */
  readonly upTo?: number;
  /** The number of messages after which the read ends with the current page. */
  readonly most?: number;
}

/** How a page ended: at the end of the stream, with more messages pending, or by an error. */
type PageEnd =
  | { readonly state: "done" }
  | { readonly state: "more" }
  | { readonly state: "broken"; readonly why: string };

/**
 * Reads the messages of a subject after a position, in order, a page for each request, without a consumer. Resolves with the
 * position up to which every message has been read. Throws Fault LOG_UNREACHABLE after `patienceMs` without progress.
 */
export async function readSubject(
  session: NatsSession,
  place: BatchPlace,
  deliver: (message: ReadMessage) => void,
): Promise<number> {
  const { upTo = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY } = place;
  let { afterSeq } = place;
  let count = 0;
  const advance = (message: ReadMessage) => {
    afterSeq = message.seq;
    count += 1;
    if (message.seq <= upTo) deliver(message);
  };
  while (afterSeq < upTo) {
    if (count >= most) return afterSeq;
    if (await readPageOf(session, { at: { ...place, afterSeq }, messages: pageMessages }, advance)) break;
  }
  // A follower that lags may send a page. A single server has no follower.
  if (afterSeq < upTo && session.nc.info?.cluster !== undefined)
    await readRestFromLeader(session, { ...place, afterSeq }, deliver);
  return upTo;
}

/**
 * Reads one page of limited size. After an error it retries behind the last message. True at the end of the stream. Throws Fault
 * LOG_UNREACHABLE after `patienceMs` without a message.
 */
export async function readPageOf(
  session: NatsSession,
  page: { readonly at: BatchPlace; readonly messages: number },
  deliver: (message: ReadMessage) => void,
): Promise<boolean> {
  let { afterSeq } = page.at;
  let left = page.messages;
  let untilAt = session.clock.now() + patienceMs;
  const advance = (message: ReadMessage) => {
    afterSeq = message.seq;
    left -= 1;
    untilAt = session.clock.now() + patienceMs;
    deliver(message);
  };
  while (left > 0) {
    const end = await askPage(session, { at: { ...page.at, afterSeq }, messages: left }, advance);
    if (end.state !== "broken") return end.state === "done";
    if (session.clock.now() >= untilAt || session.nc.isClosed())
      throw unreachable(`reading ${page.at.subject}`, end.why);
    await shortPause(session);
  }
  return false;
}

async function readRestFromLeader(
  session: NatsSession,
  place: BatchPlace,
  deliver: (message: ReadMessage) => void,
): Promise<void> {
  const untilAt = session.clock.now() + patienceMs;
  for (let seq = place.afterSeq + 1; ; ) {
    const lookup = await nextOnSubject(session, place.stream, { subject: place.subject, seq });
    if (lookup.state === "none") return;
    if (lookup.state === "there") {
      if (lookup.message.seq > (place.upTo ?? Number.POSITIVE_INFINITY)) return;
      deliver(lookup.message);
      seq = lookup.message.seq + 1;
      continue;
    }
    if (session.clock.now() >= untilAt || session.nc.isClosed())
      throw unreachable(`reading ${place.subject}`, lookup.why);
    await shortPause(session);
  }
}

async function askPage(
  session: NatsSession,
  { at, messages }: { readonly at: BatchPlace; readonly messages: number },
  deliver: (message: ReadMessage) => void,
): Promise<PageEnd> {
  if (!(await session.connected(requestMs))) return { state: "broken", why: "not connected" };
  const { promise, resolve } = Promise.withResolvers<PageEnd>();
  const reply = session.replies.open((message) => {
    const end = endOf(message);
    if (end === undefined) deliver(asRead(message));
    else resolve(end);
  });
  const endListening = session.onChange((up) =>
    up ? undefined : resolve({ state: "broken", why: "the connection broke" }),
  );
  const late = `the server did not finish within ${requestMs} ms`;
  const request = { seq: at.afterSeq + 1, next_by_subj: at.subject, batch: messages };
  try {
    session.nc.publish(`$JS.API.DIRECT.GET.${at.stream}`, JSON.stringify(request), { reply });
    return (
      (await resultWithin(promise, { clock: session.clock, limitMs: requestMs })) ?? { state: "broken", why: late }
    );
  } finally {
    endListening();
    session.replies.forget(reply);
  }
}

const sequenceHeader = "Nats-Sequence";
// The server's status at the end of a page.
const endOfPage = 204;

function endOf(message: Msg): PageEnd | undefined {
  const code = message.headers?.code ?? 0;
  // A stored message may have a status too: a reply that a client made the server publish into the stream. Only that has a position.
  if (code === 0 || message.headers?.has(sequenceHeader) === true) return undefined;
  if (code === status.noMessage) return { state: "done" };
  if (code !== endOfPage) return { state: "broken", why: message.headers?.status ?? "no status" };
  return { state: Number(message.headers?.get("Nats-Num-Pending")) > 0 ? "more" : "done" };
}

function asRead(message: Msg): ReadMessage {
  return {
    subject: message.headers?.get("Nats-Subject") ?? "",
    seq: Number(message.headers?.get(sequenceHeader)),
    bytes: message.data,
    header: (name) => message.headers?.get(name) ?? "",
  };
}
