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
  readonly session: NatsSession;
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
  session: NatsSession,
  options: ReadOptions,
  onBroken: (why: string) => void,
): ConsumerSession {
  const place = {
    stream: options.stream,
    name: options.consumerName ?? `r-${session.random.uuid().slice(-nameChars)}`,
    filter: options.filter,
  };
  const inbox = createInbox(session.inboxPrefix);
  const not = { caughtUp: false, waiting: false, ended: false };
  const none = { subscription: undefined, count: 0, seq: 0, silentBeats: 0, cancelWatch: () => {} };
  return { session, options, onBroken, place, inbox, owed: [], ...none, ...not };
}

/** Subscribes and creates the consumer. Returns what failed, or undefined when the session runs. */
export async function beginSession(
  consumer: ConsumerSession,
  begin: { readonly from: ReadFrom; readonly tries: number },
): Promise<string | undefined> {
  const { session, options, place } = consumer;
  const why = subscribe(consumer);
  if (why !== undefined) return why;
  // A fixed name is the same each time: the old consumer would conflict with the new one. Others expire.
  if (options.consumerName !== undefined) await deleteConsumer(session, place, begin.tries);
  if (begin.from.at === "latest") guarded(() => options.begins?.());
  const created = await createConsumer(session, place, begin);
  if (consumer.ended) return "it was closed";
  if (created.state !== "created") {
    endSession(consumer);
    return created.why;
  }
  refill(consumer);
  watchSilence(consumer);
  if (created.pending === 0) guarded(() => reachEnd(consumer));
  return undefined;
}

function subscribe(consumer: ConsumerSession): string | undefined {
  try {
    consumer.subscription = consumer.session.nc.subscribe(consumer.inbox, {
      callback: (failure, message) => {
        if (failure !== null) breakSession(consumer, failure.message);
        else onMessage(consumer, message);
      },
    });
    return undefined;
  } catch (failure) {
    return causeOf(failure).why;
  }
}

/** Stops the delivery. The consumer itself expires without a subscriber. */
export function endSession(consumer: ConsumerSession): void {
  if (consumer.ended) return;
  consumer.ended = true;
  consumer.cancelWatch();
  consumer.subscription?.unsubscribe();
}

function breakSession(consumer: ConsumerSession, why: string): void {
  if (consumer.ended) return;
  endSession(consumer);
  consumer.onBroken(why);
}

function onMessage(consumer: ConsumerSession, message: Msg): void {
  if (consumer.ended) return;
  consumer.silentBeats = 0;
  guarded(() => {
    const delivered = Delivered.from(message);
    if (delivered !== undefined) onDelivered(consumer, delivered);
    else if (message.subject === consumer.inbox) onStatus(consumer, message);
  });
}

function onDelivered(consumer: ConsumerSession, message: Delivered): void {
  const { count, seq } = message;
  if (count !== consumer.count + 1) {
    breakSession(consumer, `delivery ${consumer.count + 1} was lost`);
    return;
  }
  consumer.count = count;
  consumer.seq = seq;
  settle(consumer);
  consumer.options.deliver(message);
  if (message.pending === 0) reachEnd(consumer);
}

/** Counts a delivery and requests more in time. */
function settle(consumer: ConsumerSession): void {
  const [oldest = 0] = consumer.owed;
  consumer.owed[0] = oldest - 1;
  if (oldest <= 1) consumer.owed.shift();
  refill(consumer);
}

/** Requests more when half of the outstanding messages have arrived and the reader has room. */
function refill(consumer: ConsumerSession): void {
  if (consumer.ended || consumer.waiting) return;
  const ahead = consumer.owed.reduce((sum, owed) => sum + owed, 0);
  const { batch = consumerLimits.batch } = consumer.options;
  if (ahead > batch / 2) return;
  const room = consumer.options.room?.();
  if (room === undefined) request(consumer, batch - ahead);
  else refillWhen(room, consumer);
}

function request(consumer: ConsumerSession, batch: number): void {
  consumer.owed.push(batch);
  requestMessages(consumer.session, consumer.place, { batch, inbox: consumer.inbox });
}

function refillWhen(room: Promise<void>, consumer: ConsumerSession): void {
  consumer.waiting = true;
  room.then(() => {
    consumer.waiting = false;
    consumer.silentBeats = 0;
    guarded(() => refill(consumer));
  });
}

// The status of a heartbeat.
const alive = 100;
const timeIsOver = 408;

function onStatus(consumer: ConsumerSession, { headers }: Msg): void {
  const code = headers?.code ?? 0;
  if (code === alive) {
    reachEnd(consumer);
  } else if (code === timeIsOver) {
    const left = Number(headers?.get("Nats-Pending-Messages"));
    const owed = consumer.owed.shift();
    if (left !== owed) breakSession(consumer, `expected ${owed} pending messages, the server reports ${left}`);
    else refill(consumer);
  } else {
    breakSession(consumer, headers?.status || "the server's status cannot be read");
  }
}

function reachEnd(consumer: ConsumerSession): void {
  if (consumer.caughtUp || consumer.ended) return;
  consumer.caughtUp = true;
  consumer.options.caughtUp?.();
}

/** Checks once per heartbeat interval, so that a message needs no read of the clock. */
function watchSilence(consumer: ConsumerSession): void {
  const { clock } = consumer.session;
  const { heartbeatMs, silentBeats } = consumerLimits;
  consumer.cancelWatch = clock.at(clock.now() + heartbeatMs, () => {
    if (!consumer.waiting) consumer.silentBeats += 1;
    if (consumer.silentBeats < silentBeats) watchSilence(consumer);
    else breakSession(consumer, `no heartbeat from the server for ${silentBeats * heartbeatMs} ms`);
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
