import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "@shoal/core";
import { type HeaderFields, messageHeaders } from "./message-headers.ts";
import { type Answered, outcomeOf } from "./publish-outcome.ts";
import type { Replies } from "./replies.ts";

/** Limits of the append path. */
export const publisherLimits = {
  /** Messages in flight: on the server's side a window of 100 to 500 was fastest, 5000 slower (measured). */
  windowMax: 500,
  /** Messages that wait for the window: some seconds at the fastest rate measured. */
  waitingMax: 100_000,
  /** From the call to "unknown": above the 4 to 5 s in which a replicated stream finds a new leader (measured). */
  answerMs: 6_000,
} as const;

/** What came of a publish. `unknown` may or may not be stored, now or a little later; `unsent` never left this process. */
export type PublishOutcome = Answered | { readonly state: "unsent"; readonly why: string };

/** A message for a stream. */
export interface Publication {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers?: HeaderFields;
}

/** The one way by which messages get into streams: pipelined over one connection, in the order of the calls. */
export interface Publisher {
  /** Never rejects. Resolves with the server's word, or `unknown` when none came within `publisherLimits.answerMs`. */
  publish(publication: Publication): Promise<PublishOutcome>;
  /** Messages without an outcome yet. */
  readonly pending: number;
  /** The connection came up or went down: what is in flight when it goes down is unknown at once. */
  connection(up: boolean): void;
  /** Settles everything that is pending. */
  close(): void;
}

interface Pending {
  readonly publication: Publication;
  readonly deadlineAt: number;
  readonly settle: (outcome: PublishOutcome) => void;
  reply: string | undefined;
  settled: boolean;
}

/** Makes a publisher over a connection; `connection(true)` must be called for it to begin. */
export function createPublisher(nc: NatsConnection, replies: Replies, clock: Clock): Publisher {
  const inFlight = new Map<string, Pending>();
  const waiting = fifo<Pending>();
  // Every message has the same patience, so the order of the calls is the order of the deadlines and one alarm is enough.
  const byDeadline = fifo<Pending>();
  let up = false;
  let closed = false;
  let cancelAlarm: (() => void) | undefined;

  function settle(pending: Pending, outcome: PublishOutcome): void {
    if (pending.settled) return;
    pending.settled = true;
    if (pending.reply !== undefined) {
      inFlight.delete(pending.reply);
      replies.forget(pending.reply);
    }
    byDeadline.dropWhile(({ settled }) => settled);
    pending.settle(outcome);
  }

  function send(pending: Pending): void {
    const { subject, bytes, headers } = pending.publication;
    const reply = replies.open((message: Msg) => {
      settle(pending, outcomeOf(message));
      pump();
    });
    pending.reply = reply;
    inFlight.set(reply, pending);
    try {
      nc.publish(subject, bytes, headers === undefined ? { reply } : { reply, headers: messageHeaders(headers) });
    } catch (failure) {
      settle(pending, { state: "refused", code: 0, why: failure instanceof Error ? failure.message : String(failure) });
    }
  }

  function pump(): void {
    while (up && inFlight.size < publisherLimits.windowMax) {
      const next = waiting.shift();
      if (next === undefined) return;
      if (!next.settled) send(next);
    }
  }

  function arm(): void {
    const first = byDeadline.first();
    if (cancelAlarm !== undefined || first === undefined) return;
    cancelAlarm = clock.at(first.deadlineAt, () => {
      cancelAlarm = undefined;
      const now = clock.now();
      for (let late = byDeadline.first(); late !== undefined && late.deadlineAt <= now; late = byDeadline.first()) {
        const why = `the server gave no answer within ${publisherLimits.answerMs} ms`;
        settle(late, { state: late.reply === undefined ? "unsent" : "unknown", why });
      }
      arm();
      pump();
    });
  }

  function settleInFlight(why: string): void {
    for (const pending of [...inFlight.values()]) settle(pending, { state: "unknown", why });
  }

  return {
    publish(publication) {
      return new Promise((resolve) => {
        if (closed) return resolve({ state: "unsent", why: "the connection was closed" });
        if (waiting.size() >= publisherLimits.waitingMax) {
          return resolve({ state: "unsent", why: `${publisherLimits.waitingMax} messages wait to be sent already` });
        }
        const deadlineAt = clock.now() + publisherLimits.answerMs;
        const pending: Pending = { publication, deadlineAt, settle: resolve, reply: undefined, settled: false };
        byDeadline.push(pending);
        waiting.push(pending);
        arm();
        pump();
      });
    },
    get pending() {
      return byDeadline.size();
    },
    connection(isUp) {
      up = isUp;
      if (!up) settleInFlight("the connection broke before the server answered");
      pump();
    },
    close() {
      closed = true;
      up = false;
      settleInFlight("the connection was closed before the server answered");
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        settle(next, { state: "unsent", why: "the connection was closed" });
      }
      cancelAlarm?.();
    },
  };
}

interface Fifo<T> {
  push(item: T): void;
  shift(): T | undefined;
  first(): T | undefined;
  dropWhile(fits: (item: T) => boolean): void;
  size(): number;
}

// Array.shift moves every element; with thousands waiting that would cost more than sending them.
function fifo<T>(): Fifo<T> {
  let items: T[] = [];
  let head = 0;
  // Below 1024 the memory of what was taken is not worth a copy.
  const compactAbove = 1024;
  function step(): void {
    head += 1;
    if (head < compactAbove || head * 2 < items.length) return;
    items = items.slice(head);
    head = 0;
  }
  return {
    push: (item) => void items.push(item),
    shift() {
      const item = items[head];
      if (item !== undefined) step();
      return item;
    },
    first: () => items[head],
    dropWhile(fits) {
      for (let item = items[head]; item !== undefined && fits(item); item = items[head]) step();
    },
    size: () => items.length - head,
  };
}
