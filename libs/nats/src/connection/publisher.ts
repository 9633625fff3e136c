import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "@shoal/core";
import { type Fifo, fifo } from "./fifo.ts";
import { type HeaderFields, messageHeaders } from "./message-headers.ts";
import { outcomeOf, type PublishOutcome } from "./publish-outcome.ts";
import type { ReplyMux } from "./reply-mux.ts";
import type { WriteBatcher } from "./write-batcher.ts";
import { createWriteRecord, type PlaceRecord, type WriteRecord } from "./write-record.ts";

/** Limits of the append path. */
export const publisherLimits = {
  /** Messages in flight: a window of 100 to 500 was fastest on the server's side, 5,000 slower (measured). */
  windowMax: 500,
  /** Messages that wait for the window: a few seconds at the fastest rate measured. */
  waitingMax: 100_000,
  /** Timeout from the call to "unknown": shorter than a lease's time to live, so that a renewal can still be retried. */
  answerMs: 3_000,
} as const;

/** A message for a stream. */
export interface Publication {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly headers?: HeaderFields;
}

/** Publishes messages to streams: pipelined over one connection, in the order of the calls. */
export interface StreamPublisher {
  /** Never rejects. Resolves with the outcome, or `unknown` without a reply within `publisherLimits.answerMs`. */
  publish(publication: Publication): Promise<PublishOutcome>;
  /** Called when the connection comes up or goes down: messages in flight become `unknown` as it goes down. */
  connection(up: boolean): void;
  /** Called when the server refuses this user's messages on a subject: messages in flight there become `refused`. */
  refused(subject: string, why: string): void;
  /** The outcomes of writes so far, by place. */
  writes(): readonly PlaceRecord[];
  /** Settles every pending message and every later one. */
  close(): void;
}

/** The parts of a publisher. */
export interface PublisherParts {
  readonly nc: Pick<NatsConnection, "publish">;
  readonly replies: ReplyMux;
  readonly clock: Clock;
  readonly deferred: WriteBatcher;
}

interface PendingPublication {
  readonly publication: Publication;
  readonly deadlineAt: number;
  readonly resolve: (outcome: PublishOutcome) => void;
  reply: string | undefined;
  settled: boolean;
}

interface Pipe extends PublisherParts {
  readonly inFlight: Map<string, PendingPublication>;
  readonly waiting: Fifo<PendingPublication>;
  /** Every message has the same timeout, so deadlines have the order of the calls and one timer is enough. */
  readonly byDeadline: Fifo<PendingPublication>;
  readonly record: WriteRecord;
  state: "up" | "down" | "closed";
  isPlanned: boolean;
  cancelAlarm: (() => void) | undefined;
}

/** Creates a publisher over a connection. It starts with the first call of `connection(true)`. */
export function createPublisher(parts: PublisherParts): StreamPublisher {
  const pipe: Pipe = {
    ...parts,
    inFlight: new Map(),
    waiting: fifo(),
    byDeadline: fifo(),
    record: createWriteRecord(() => parts.clock.now()),
    state: "down",
    isPlanned: false,
    cancelAlarm: undefined,
  };
  return {
    publish: (publication) => new Promise((resolve) => enqueue(pipe, publication, resolve)),
    connection(up) {
      if (pipe.state === "closed") return;
      pipe.state = up ? "up" : "down";
      if (!up) giveUpInFlight(pipe, "the connection broke before the server answered");
      pump(pipe);
    },
    refused(subject, why) {
      for (const pending of [...pipe.inFlight.values()])
        if (pending.publication.subject === subject) settle(pipe, pending, { state: "refused", code: 0, why });
      pump(pipe);
    },
    writes: () => pipe.record.places(),
    close() {
      pipe.state = "closed";
      giveUpInFlight(pipe, "the connection was closed before the server answered");
      for (let next = pipe.waiting.shift(); next !== undefined; next = pipe.waiting.shift()) settle(pipe, next, closed);
      pipe.cancelAlarm?.();
    },
  };
}

const closed: PublishOutcome = { state: "unsent", why: "the connection was closed" };

function enqueue(pipe: Pipe, publication: Publication, resolve: PendingPublication["resolve"]): void {
  if (pipe.state === "closed") {
    resolve(closed);
    return;
  }
  if (pipe.waiting.size() >= publisherLimits.waitingMax) {
    resolve({ state: "unsent", why: `limit of ${publisherLimits.waitingMax} waiting messages reached` });
    return;
  }
  const deadlineAt = pipe.clock.now() + publisherLimits.answerMs;
  const pending: PendingPublication = { publication, deadlineAt, resolve, reply: undefined, settled: false };
  pipe.byDeadline.push(pending);
  pipe.waiting.push(pending);
  arm(pipe);
  if (pipe.isPlanned) return;
  pipe.isPlanned = true;
  pipe.deferred.do(() => {
    pipe.isPlanned = false;
    pump(pipe);
  });
}

function pump(pipe: Pipe): void {
  while (pipe.state === "up" && pipe.inFlight.size < publisherLimits.windowMax) {
    const next = pipe.waiting.shift();
    if (next === undefined) return;
    if (!next.settled) send(pipe, next);
  }
}

function send(pipe: Pipe, pending: PendingPublication): void {
  const { subject, bytes, headers } = pending.publication;
  const reply = pipe.replies.open((message) => {
    const outcome = outcomeOf(message);
    pipe.record.note(pending.publication.subject, outcome);
    settle(pipe, pending, outcome);
    pump(pipe);
  });
  pending.reply = reply;
  pipe.inFlight.set(reply, pending);
  try {
    pipe.nc.publish(subject, bytes, headers === undefined ? { reply } : { reply, headers: messageHeaders(headers) });
  } catch (failure) {
    // The message is too large or has no subject: the client library throws before it sends.
    settle(pipe, pending, {
      state: "refused",
      code: 0,
      why: failure instanceof Error ? failure.message : String(failure),
    });
  }
}

function settle(pipe: Pipe, pending: PendingPublication, outcome: PublishOutcome): void {
  if (pending.settled) return;
  pending.settled = true;
  if (pending.reply !== undefined) {
    pipe.inFlight.delete(pending.reply);
    pipe.replies.forget(pending.reply);
  }
  pipe.byDeadline.dropWhile(({ settled }) => settled);
  pending.resolve(outcome);
}

function giveUpInFlight(pipe: Pipe, why: string): void {
  for (const pending of [...pipe.inFlight.values()]) settle(pipe, pending, { state: "unknown", why });
}

function arm(pipe: Pipe): void {
  const first = pipe.byDeadline.first();
  if (pipe.cancelAlarm !== undefined || first === undefined) return;
  pipe.cancelAlarm = pipe.clock.at(first.deadlineAt, () => {
    pipe.cancelAlarm = undefined;
    const now = pipe.clock.now();
    for (
      let late = pipe.byDeadline.first();
      late !== undefined && late.deadlineAt <= now;
      late = pipe.byDeadline.first()
    ) {
      const why = `no reply from the server within ${publisherLimits.answerMs} ms`;
      const outcome: PublishOutcome =
        late.reply === undefined ? { state: "unsent", why } : { state: "unknown", why, cause: "unanswered" };
      pipe.record.note(late.publication.subject, outcome);
      settle(pipe, late, outcome);
    }
    arm(pipe);
    pump(pipe);
  });
}
