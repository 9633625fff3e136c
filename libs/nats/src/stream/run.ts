import { causeOf } from "@shoal/core";
import type { Link } from "../connection/link.ts";
import type { Incoming, Intake } from "../intake/intake.ts";
import { lineIntake } from "../intake/line-intake.ts";
import { sharedIntake } from "../intake/shared-intake.ts";
import {
  type ConsumerPlace,
  consumerLimits,
  createConsumer,
  deleteConsumer,
  type ReadFrom,
  requestMessages,
} from "./consumer.ts";
import type { ReadOptions } from "./read-options.ts";

/** One consumer's life. A reading has one after the other, never two at a time. */
export interface Run {
  readonly link: Link;
  readonly options: ReadOptions;
  /** Told when the run cannot go on; it has ended then. */
  readonly broke: (why: string) => void;
  readonly place: ConsumerPlace;
  /** Undefined until it has begun. */
  intake: Intake | undefined;
  /** How many messages the server still owes to each request, the oldest first. */
  readonly owed: number[];
  /** The last delivery's count and stream position. */
  count: number;
  seq: number;
  /** Heartbeats of the server during which nothing was heard. */
  silentBeats: number;
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
  const not = { caughtUp: false, waiting: false, ended: false };
  const none = { intake: undefined, count: 0, seq: 0, silentBeats: 0, cancelWatch: () => {} };
  return { link, options, broke, place, owed: [], ...none, ...not };
}

/** Opens the intake and creates the consumer. Says what stood in the way, or undefined when it runs. */
export async function beginRun(
  run: Run,
  begin: { readonly from: ReadFrom; readonly tries: number },
): Promise<string | undefined> {
  const { link, options, place } = run;
  const why = await openIntake(run);
  if (why !== undefined) return why;
  // A given name is the same each time: the old consumer would stand in the new one's way. Others end by themselves.
  if (options.consumerName !== undefined) await deleteConsumer(link, place, begin.tries);
  if (begin.from.at === "latest") guarded(() => options.begins?.());
  const created = await createConsumer(link, place, begin);
  if (run.ended) return interrupted;
  if (created.state !== "created") {
    endRun(run);
    return created.why;
  }
  ask(run);
  watchSilence(run);
  if (created.pending === 0) guarded(() => reachEnd(run));
  return undefined;
}

const interrupted = "it was interrupted";

async function openIntake(run: Run): Promise<string | undefined> {
  const open = run.options.inOneGo === true ? lineIntake(run.link) : sharedIntake(run.link);
  try {
    const intake = await open({ heard: (message) => hear(run, message), broke: (why) => breakRun(run, why) });
    run.intake = intake;
    if (!run.ended) return undefined;
    intake.close();
    return interrupted;
  } catch (failure) {
    return causeOf(failure).why;
  }
}

/** Delivers nothing from now on. The consumer itself ends when nobody listens. */
export function endRun(run: Run): void {
  if (run.ended) return;
  run.ended = true;
  run.cancelWatch();
  run.intake?.close();
}

function breakRun(run: Run, why: string): void {
  if (run.ended) return;
  endRun(run);
  run.broke(why);
}

function hear(run: Run, message: Incoming): void {
  if (run.ended) return;
  run.silentBeats = 0;
  guarded(() => {
    if (message.seq > 0) hearMessage(run, message);
    else if (message.subject === run.intake?.inbox) hearStatus(run, message);
  });
}

function hearMessage(run: Run, message: Incoming): void {
  const { count, seq } = message;
  if (count !== run.count + 1) {
    breakRun(run, `delivery ${run.count + 1} was lost`);
    return;
  }
  run.count = count;
  run.seq = seq;
  settle(run);
  run.options.deliver(message);
  if (message.pending === 0) reachEnd(run);
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
  const { batch = consumerLimits.batch } = run.options;
  if (ahead > batch / 2) return;
  const room = run.options.room?.();
  if (room === undefined) request(run, batch - ahead);
  else askWhen(room, run);
}

function request(run: Run, batch: number): void {
  if (run.intake === undefined) return;
  run.owed.push(batch);
  requestMessages(run.intake, run.place, batch);
}

function askWhen(room: Promise<void>, run: Run): void {
  run.waiting = true;
  room.then(() => {
    run.waiting = false;
    run.silentBeats = 0;
    guarded(() => ask(run));
  });
}

// What the server says in place of a message: a sign of life, or that a request's time is over.
const alive = 100;
const timeIsOver = 408;

function hearStatus(run: Run, message: Incoming): void {
  const { code } = message;
  if (code === alive) {
    reachEnd(run);
  } else if (code === timeIsOver) {
    const left = Number(message.header("Nats-Pending-Messages"));
    const owed = run.owed.shift();
    if (left !== owed) breakRun(run, `${owed} messages were awaited, the server counts ${left}`);
    else ask(run);
  } else {
    breakRun(run, message.status === "" ? "the server's word cannot be read" : message.status);
  }
}

function reachEnd(run: Run): void {
  if (run.caughtUp || run.ended) return;
  run.caughtUp = true;
  run.options.caughtUp?.();
}

/** Looks with every heartbeat of the server, so that hearing a message costs no look at the clock. */
function watchSilence(run: Run): void {
  const { clock } = run.link;
  const { heartbeatMs, silentBeats } = consumerLimits;
  run.cancelWatch = clock.at(clock.now() + heartbeatMs, () => {
    if (!run.waiting) run.silentBeats += 1;
    if (run.silentBeats < silentBeats) watchSilence(run);
    else breakRun(run, `the server was silent for ${silentBeats * heartbeatMs} ms`);
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
