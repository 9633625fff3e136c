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

/** The lifetime of one consumer. A reading has one session after the other, never two at a time. */
export interface ConsumerSession {
  readonly link: NatsSession;
  readonly options: ReadOptions;
  /** Called when the session has ended by an error. */
  readonly onBroken: (why: string) => void;
  readonly place: ConsumerPlace;
  /** The subject of all deliveries. */
  readonly inbox: string;
  /** Undefined until the session has begun. */
  subscription: Subscription | undefined;
  /** The outstanding messages of each request, the oldest request first. */
  readonly owed: number[];
  /** The last delivery's sequence in the consumer and in the stream. */
  count: number;
  seq: number;
  /** Heartbeat intervals without any message. */
  silentBeats: number;
  caughtUp: boolean;
  /** The reader is busy: no request is open, and no heartbeat is due. */
  waiting: boolean;
  ended: boolean;
  cancelWatch: () => void;
}

// Long enough that no two consumers within half a minute share a name, and short, as each delivery contains the name.
const nameChars = 12;

/** Creates a session that has not begun. */
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
  // A fixed name is the same each time: the old consumer would conflict with the new one. Others expire.
  if (options.consumerName !== undefined) await deleteConsumer(link, place, begin.tries);
  if (begin.from.at === "latest") guarded(() => options.begins?.());
  const created = await createConsumer(link, place, begin);
  if (session.ended) return "it was closed";
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

/** Stops the delivery. The consumer itself expires without a subscriber. */
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

/** Counts a delivery and requests more in time. */
function settle(session: ConsumerSession): void {
  const [oldest = 0] = session.owed;
  session.owed[0] = oldest - 1;
  if (oldest <= 1) session.owed.shift();
  refill(session);
}

/** Requests more when half of the outstanding messages have arrived and the reader has room. */
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

// The status of a heartbeat.
const alive = 100;
const timeIsOver = 408;

function onStatus(session: ConsumerSession, { headers }: Msg): void {
  const code = headers?.code ?? 0;
  if (code === alive) {
    reachEnd(session);
  } else if (code === timeIsOver) {
    const left = Number(headers?.get("Nats-Pending-Messages"));
    const owed = session.owed.shift();
    if (left !== owed) breakSession(session, `expected ${owed} pending messages, the server reports ${left}`);
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

/** Checks once per heartbeat interval, so that a message needs no read of the clock. */
function watchSilence(session: ConsumerSession): void {
  const { clock } = session.link;
  const { heartbeatMs, silentBeats } = consumerLimits;
  session.cancelWatch = clock.at(clock.now() + heartbeatMs, () => {
    if (!session.waiting) session.silentBeats += 1;
    if (session.silentBeats < silentBeats) watchSilence(session);
    else breakSession(session, `no heartbeat from the server for ${silentBeats * heartbeatMs} ms`);
  });
}

// An exception must not reach the client library's parser, which would stop all reads of this connection.
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (failure) {
    queueMicrotask(() => {
      throw failure;
    });
  }
}
