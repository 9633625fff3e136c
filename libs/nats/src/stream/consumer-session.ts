import { createInbox, type Msg, type Subscription } from "@nats-io/nats-core";
import { causeOf } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import {
  type ConsumerPlace,
  consumerLimits,
  createConsumer,
  deleteConsumer,
  type ReadFrom,
  requestMessages,
} from "./consumer.ts";
import { Delivered } from "./delivered.ts";
import type { ReadOptions } from "./read-options.ts";

/** One consumer's life. A reading has one after the other, never two at a time. */
export interface ConsumerSession {
  readonly link: NatsSession;
  readonly options: ReadOptions;
  /** Called when the session cannot go on; it has ended then. */
  readonly onBroken: (why: string) => void;
  readonly place: ConsumerPlace;
  /** The subject to which everything comes. */
  readonly inbox: string;
  /** Undefined until it has begun. */
  subscription: Subscription | undefined;
  /** How many messages the server still owes to each request, the oldest first. */
  readonly owed: number[];
  /** The last delivery's count and stream position. */
  count: number;
  seq: number;
  /** Heartbeats of the server during which nothing came. */
  silentBeats: number;
  caughtUp: boolean;
  /** The reader has no room: nothing is requested, and the server owes no sign of life. */
  waiting: boolean;
  ended: boolean;
  cancelWatch: () => void;
}

// Enough of an id that two of the consumers of half a minute never meet; each delivery carries the name back.
const nameChars = 12;

/** A session that has not begun. */
export function prepareSession(
  link: NatsSession,
  options: ReadOptions,
  onBroken: (why: string) => void,
): ConsumerSession {
  const place = {
    stream: options.stream,
    name: options.consumerName ?? `r-${link.random.uuid().slice(-nameChars)}`,
    filter: options.filter,
  };
  const inbox = createInbox(link.inboxPrefix);
  const not = { caughtUp: false, waiting: false, ended: false };
  const none = { subscription: undefined, count: 0, seq: 0, silentBeats: 0, cancelWatch: () => {} };
  return { link, options, onBroken, place, inbox, owed: [], ...none, ...not };
}

/** Subscribes and creates the consumer. Returns what failed, or undefined when the session runs. */
export async function beginSession(
  session: ConsumerSession,
  begin: { readonly from: ReadFrom; readonly tries: number },
): Promise<string | undefined> {
  const { link, options, place } = session;
  const why = subscribe(session);
  if (why !== undefined) return why;
  // A given name is the same each time: the old consumer would be in the new one's way. Others end by themselves.
  if (options.consumerName !== undefined) await deleteConsumer(link, place, begin.tries);
  if (begin.from.at === "latest") guarded(() => options.begins?.());
  const created = await createConsumer(link, place, begin);
  if (session.ended) return "it was interrupted";
  if (created.state !== "created") {
    endSession(session);
    return created.why;
  }
  refill(session);
  watchSilence(session);
  if (created.pending === 0) guarded(() => reachEnd(session));
  return undefined;
}

function subscribe(session: ConsumerSession): string | undefined {
  try {
    session.subscription = session.link.nc.subscribe(session.inbox, {
      callback: (failure, message) => {
        if (failure !== null) breakSession(session, failure.message);
        else onMessage(session, message);
      },
    });
    return undefined;
  } catch (failure) {
    return causeOf(failure).why;
  }
}

/** Delivers nothing from now on. The consumer itself ends when no subscriber is left. */
export function endSession(session: ConsumerSession): void {
  if (session.ended) return;
  session.ended = true;
  session.cancelWatch();
  session.subscription?.unsubscribe();
}

function breakSession(session: ConsumerSession, why: string): void {
  if (session.ended) return;
  endSession(session);
  session.onBroken(why);
}

function onMessage(session: ConsumerSession, message: Msg): void {
  if (session.ended) return;
  session.silentBeats = 0;
  guarded(() => {
    const delivered = Delivered.from(message);
    if (delivered !== undefined) onDelivered(session, delivered);
    else if (message.subject === session.inbox) onStatus(session, message);
  });
}

function onDelivered(session: ConsumerSession, message: Delivered): void {
  const { count, seq } = message;
  if (count !== session.count + 1) {
    breakSession(session, `delivery ${session.count + 1} was lost`);
    return;
  }
  session.count = count;
  session.seq = seq;
  settle(session);
  session.options.deliver(message);
  if (message.pending === 0) reachEnd(session);
}

/** One message less is owed; requests more in time. */
function settle(session: ConsumerSession): void {
  const [oldest = 0] = session.owed;
  session.owed[0] = oldest - 1;
  if (oldest <= 1) session.owed.shift();
  refill(session);
}

/** Requests more when half of what the server owes has come, as soon as the reader has room. */
function refill(session: ConsumerSession): void {
  if (session.ended || session.waiting) return;
  const ahead = session.owed.reduce((sum, owed) => sum + owed, 0);
  const { batch = consumerLimits.batch } = session.options;
  if (ahead > batch / 2) return;
  const room = session.options.room?.();
  if (room === undefined) request(session, batch - ahead);
  else refillWhen(room, session);
}

function request(session: ConsumerSession, batch: number): void {
  session.owed.push(batch);
  requestMessages(session.link, session.place, { batch, inbox: session.inbox });
}

function refillWhen(room: Promise<void>, session: ConsumerSession): void {
  session.waiting = true;
  room.then(() => {
    session.waiting = false;
    session.silentBeats = 0;
    guarded(() => refill(session));
  });
}

// What the server sends in place of a message: a sign of life, or that a request's time is over.
const alive = 100;
const timeIsOver = 408;

function onStatus(session: ConsumerSession, { headers }: Msg): void {
  const code = headers?.code ?? 0;
  if (code === alive) {
    reachEnd(session);
  } else if (code === timeIsOver) {
    const left = Number(headers?.get("Nats-Pending-Messages"));
    const owed = session.owed.shift();
    if (left !== owed) breakSession(session, `${owed} messages were awaited, the server counts ${left}`);
    else refill(session);
  } else {
    breakSession(session, headers?.status || "the server's status cannot be read");
  }
}

function reachEnd(session: ConsumerSession): void {
  if (session.caughtUp || session.ended) return;
  session.caughtUp = true;
  session.options.caughtUp?.();
}

/** Checks once per heartbeat of the server, so that a message costs no look at the clock. */
function watchSilence(session: ConsumerSession): void {
  const { clock } = session.link;
  const { heartbeatMs, silentBeats } = consumerLimits;
  session.cancelWatch = clock.at(clock.now() + heartbeatMs, () => {
    if (!session.waiting) session.silentBeats += 1;
    if (session.silentBeats < silentBeats) watchSilence(session);
    else breakSession(session, `the server was silent for ${silentBeats * heartbeatMs} ms`);
  });
}

// An exception must not reach the client's parser, which would stop reading for everything on this connection.
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (failure) {
    queueMicrotask(() => {
      throw failure;
    });
  }
}
