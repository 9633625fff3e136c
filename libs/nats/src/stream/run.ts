import { createInbox, type Msg, type Subscription } from "@nats-io/nats-core";
import type { Link } from "../connection/link.ts";
import {
  type ConsumerPlace,
  consumerLimits,
  createConsumer,
  deleteConsumer,
  type ReadFrom,
  requestMessages,
} from "./consumer.ts";
import { deliveryOf } from "./delivery.ts";
import type { ReadMessage, ReadOptions } from "./read-options.ts";

/** One consumer's life. A reading has one after the other, never two at a time. */
export interface Run {
  readonly link: Link;
  readonly options: ReadOptions;
  /** Told when the run cannot go on; it has ended then. */
  readonly broke: (why: string) => void;
  readonly place: ConsumerPlace;
  readonly inbox: string;
  /** How many messages the server still owes to each request, the oldest first. */
  readonly owed: number[];
  subscription: Subscription | undefined;
  /** The last delivery's count and stream position. */
  count: number;
  seq: number;
  heardAt: number;
  caughtUp: boolean;
  /** The reader has no room: nothing is asked for, and the server owes no sign of life. */
  waiting: boolean;
  ended: boolean;
  cancelWatch: () => void;
}

// Enough of an id that two of the consumers of half a minute never meet; each delivery carries the name back.
const nameChars = 12;

/** A run that has not begun. */
export function prepareRun(link: Link, options: ReadOptions, broke: (why: string) => void): Run {
  const place = {
    stream: options.stream,
    name: options.consumerName ?? `r-${link.chance.uuid().slice(-nameChars)}`,
    filter: options.filter,
  };
  const inbox = createInbox(link.inboxPrefix);
  const not = { caughtUp: false, waiting: false, ended: false };
  const none = { subscription: undefined, count: 0, seq: 0, cancelWatch: () => {} };
  return { link, options, broke, place, inbox, owed: [], heardAt: link.clock.now(), ...none, ...not };
}

/** Subscribes and creates the consumer. Says what stood in the way, or undefined when it runs. */
export async function beginRun(
  run: Run,
  begin: { readonly from: ReadFrom; readonly tries: number },
): Promise<string | undefined> {
  const { link, options, place } = run;
  run.subscription = link.nc.subscribe(run.inbox, {
    callback: (failure, message) => hear(run, failure, message),
  });
  // A given name is the same each time: the old consumer would stand in the new one's way. Others end by themselves.
  if (options.consumerName !== undefined) await deleteConsumer(link, place, begin.tries);
  if (begin.from.at === "latest") guarded(() => options.begins?.());
  const created = await createConsumer(link, place, begin);
  if (run.ended) return "it was interrupted";
  if (created.state !== "created") {
    endRun(run);
    return created.why;
  }
  ask(run);
  watchSilence(run);
  if (created.pending === 0) guarded(() => reachEnd(run));
  return undefined;
}

/** Delivers nothing from now on. The consumer itself ends when nobody listens. */
export function endRun(run: Run): void {
  if (run.ended) return;
  run.ended = true;
  run.cancelWatch();
  run.subscription?.unsubscribe();
}

function breakRun(run: Run, why: string): void {
  if (run.ended) return;
  endRun(run);
  run.broke(why);
}

function hear(run: Run, failure: Error | null, message: Msg): void {
  if (run.ended) return;
  run.heardAt = run.link.clock.now();
  if (failure !== null) breakRun(run, failure.message);
  else if (message.subject === run.inbox) guarded(() => hearStatus(run, message));
  else guarded(() => hearMessage(run, message));
}

function hearMessage(run: Run, message: Msg): void {
  const delivery = deliveryOf(message.reply ?? "");
  if (delivery === undefined) return;
  if (delivery.count !== run.count + 1) {
    breakRun(run, `delivery ${run.count + 1} was lost`);
    return;
  }
  run.count = delivery.count;
  run.seq = delivery.seq;
  settle(run);
  run.options.deliver(asRead(message, delivery.seq));
  if (delivery.pending === 0) reachEnd(run);
}

/** One message less is owed; asks for more in time. */
function settle(run: Run): void {
  const [oldest = 0] = run.owed;
  run.owed[0] = oldest - 1;
  if (oldest <= 1) run.owed.shift();
  ask(run);
}

/** Fills up what the server owes us when half of it has come, as soon as the reader has room. */
function ask(run: Run): void {
  if (run.ended || run.waiting) return;
  const ahead = run.owed.reduce((sum, owed) => sum + owed, 0);
  if (ahead > consumerLimits.batch / 2) return;
  const room = run.options.room?.();
  if (room === undefined) request(run, consumerLimits.batch - ahead);
  else askWhen(room, run);
}

function request(run: Run, batch: number): void {
  run.owed.push(batch);
  requestMessages(run.link, run.place, { inbox: run.inbox, batch });
}

function askWhen(room: Promise<void>, run: Run): void {
  run.waiting = true;
  room.then(() => {
    run.waiting = false;
    run.heardAt = run.link.clock.now();
    guarded(() => ask(run));
  });
}

function asRead(message: Msg, seq: number): ReadMessage {
  return {
    subject: message.subject,
    seq,
    bytes: message.data,
    header: (name) => message.headers?.get(name) ?? "",
  };
}

// What the server says in place of a message: a sign of life, or that a request's time is over.
const alive = 100;
const timeIsOver = 408;

function hearStatus(run: Run, message: Msg): void {
  const code = message.headers?.code;
  if (code === alive) {
    reachEnd(run);
  } else if (code === timeIsOver) {
    const left = Number(message.headers?.get("Nats-Pending-Messages"));
    const owed = run.owed.shift();
    if (left !== owed) breakRun(run, `${owed} messages were awaited, the server counts ${left}`);
    else ask(run);
  } else {
    breakRun(run, message.headers?.status ?? "the server's word cannot be read");
  }
}

function reachEnd(run: Run): void {
  if (run.caughtUp || run.ended) return;
  run.caughtUp = true;
  run.options.caughtUp?.();
}

function watchSilence(run: Run): void {
  const { clock } = run.link;
  const from = run.waiting ? clock.now() : run.heardAt;
  run.cancelWatch = clock.at(from + consumerLimits.silenceMs, () => {
    if (run.waiting || clock.now() - run.heardAt < consumerLimits.silenceMs) watchSilence(run);
    else breakRun(run, `the server was silent for ${consumerLimits.silenceMs} ms`);
  });
}

// An exception must not reach the client's parser, which would stop reading for everybody on this connection.
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (failure) {
    queueMicrotask(() => {
      throw failure;
    });
  }
}
