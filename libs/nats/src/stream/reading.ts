import { createInbox, type Msg, type Subscription } from "@nats-io/nats-core";
import { type Link, unreachable } from "../connection/link.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { type ConsumerPlace, consumerLimits, createConsumer, deleteConsumer, type ReadFrom } from "./consumer.ts";
import { deliveryOf } from "./delivery.ts";

/** A message as a reading delivers it. Its bytes are valid only during the call. */
export interface ReadMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** Empty when the message has none. */
  header(name: string): string;
}

/** What to read, from where, and who is told. The callbacks must not throw: that is a bug and ends the process. */
export interface ReadOptions {
  readonly stream: string;
  /** One subject, wildcards allowed. */
  readonly filter: string;
  readonly from: ReadFrom;
  /** The only consumer name that narrow rights allow; a fresh one each time when it is left out. */
  readonly consumerName?: string;
  deliver(message: ReadMessage): void;
  /** Everything is told from the beginning again, because some of it may have been missed (only for `latest`). */
  begins?(): void;
  /** What was there when the telling began has been told. */
  caughtUp?(): void;
}

export interface Reading {
  close(): Promise<void>;
}

/**
 * Reads a stream in order and without gap until closed: whatever breaks (connection, server, consumer), it goes on
 * behind the last message delivered. Throws Fault LOG_UNREACHABLE when it cannot begin within `patienceMs`.
 */
export async function readStream(link: Link, options: ReadOptions): Promise<Reading> {
  const reading = createReading(link, options);
  await reading.begin();
  return { close: reading.close };
}

/** One consumer's life. A reading has one after the other, never two. */
interface Run {
  readonly place: ConsumerPlace;
  readonly subscription: Subscription;
  count: number;
  heardAt: number;
  caughtUp: boolean;
  ended: boolean;
}

function createReading(link: Link, options: ReadOptions) {
  let cursor = options.from.at === "behind" ? options.from.seq : 0;
  let run: Run | undefined;
  let closed = false;
  let starting: Promise<void> | undefined;
  let cancelWatch: (() => void) | undefined;
  const endListening = link.onChange((up) => (up ? restart("the connection is back") : stopRun()));

  function nextFrom(): ReadFrom {
    if (options.from.at === "latest" || (options.from.at === "now" && cursor === 0)) return options.from;
    return { at: "behind", seq: cursor };
  }

  function newRun(): Run {
    const deliverTo = createInbox(link.inboxPrefix);
    const name = options.consumerName ?? `r-${link.chance.uuid()}`;
    const place = { stream: options.stream, name, filter: options.filter, deliverTo };
    const subscription = link.nc.subscribe(deliverTo, {
      callback: (failure, message) => {
        if (mine.ended) return;
        mine.heardAt = link.clock.now();
        if (failure !== null) return restart(failure.message);
        guarded(() => (message.subject === deliverTo ? hearStatus(mine, message) : hearMessage(mine, message)));
      },
    });
    const mine: Run = { place, subscription, count: 0, heardAt: link.clock.now(), caughtUp: false, ended: false };
    return mine;
  }

  function hearMessage(mine: Run, message: Msg): void {
    const delivery = deliveryOf(message.reply ?? "");
    if (delivery === undefined) return;
    if (delivery.count !== mine.count + 1) return restart(`delivery ${mine.count + 1} was lost`);
    mine.count = delivery.count;
    cursor = delivery.seq;
    options.deliver({
      subject: message.subject,
      seq: delivery.seq,
      bytes: message.data,
      header: (name) => message.headers?.get(name) ?? "",
    });
    if (delivery.pending === 0) reachEnd(mine);
  }

  function hearStatus(mine: Run, message: Msg): void {
    const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
    const answerTo = message.reply || stalled;
    // Flow control: the server sends on once it knows that everything before this has been worked through.
    if (answerTo !== "") return link.nc.publish(answerTo);
    const last = Number(message.headers?.get("Nats-Last-Consumer") || Number.NaN);
    if (Number.isNaN(last)) return;
    if (last !== mine.count) return restart(`deliveries ${mine.count + 1} to ${last} were lost`);
    reachEnd(mine);
  }

  function reachEnd(mine: Run): void {
    if (mine.caughtUp || mine.ended) return;
    mine.caughtUp = true;
    options.caughtUp?.();
  }

  function watch(): void {
    cancelWatch?.();
    if (run === undefined || closed) return;
    const mine = run;
    cancelWatch = link.clock.at(mine.heardAt + consumerLimits.silenceMs, () => {
      if (mine.ended) return;
      if (link.clock.now() - mine.heardAt < consumerLimits.silenceMs) return watch();
      restart(`the server was silent for ${consumerLimits.silenceMs} ms`);
    });
  }

  function stopRun(): void {
    if (run === undefined || run.ended) return;
    run.ended = true;
    cancelWatch?.();
    run.subscription.unsubscribe();
  }

  /** One try: subscribes, creates the consumer, and says what stood in the way. */
  async function startRun(): Promise<string | undefined> {
    stopRun();
    const mine = newRun();
    run = mine;
    // A given name is the same each time: the old consumer would stand in the new one's way. Others end by themselves.
    if (options.consumerName !== undefined) await deleteConsumer(link, mine.place);
    if (options.from.at === "latest") guarded(() => options.begins?.());
    const created = await createConsumer(link, mine.place, nextFrom());
    if (mine.ended) return "it was interrupted";
    if (created.state !== "created") {
      stopRun();
      return created.why;
    }
    if (created.pending === 0 && mine.count === 0) guarded(() => reachEnd(mine));
    watch();
    return undefined;
  }

  async function startUntil(untilAt: number): Promise<void> {
    for (;;) {
      const why = await startRun();
      if (why === undefined || closed) return;
      if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(`reading ${options.stream}`, why);
      await shortPause(link);
    }
  }

  function restart(why: string): void {
    stopRun();
    if (closed || starting !== undefined || link.nc.isClosed()) return;
    link.trouble(`reading ${options.stream} ${options.filter} begins again behind ${cursor}: ${why}`);
    starting = startUntil(Number.POSITIVE_INFINITY)
      .catch(() => {}) // The connection was closed: nobody waits for more.
      .finally(() => {
        starting = undefined;
        // What broke while it was starting found it busy.
        if (run?.ended === true) restart("it was interrupted");
      });
  }

  return {
    async begin() {
      starting = startUntil(link.clock.now() + patienceMs);
      try {
        await starting;
      } catch (failure) {
        endListening();
        stopRun();
        throw failure;
      } finally {
        starting = undefined;
      }
      if (run?.ended === true) restart("it was interrupted");
    },
    async close() {
      if (closed) return;
      closed = true;
      endListening();
      stopRun();
      if (run !== undefined) await deleteConsumer(link, run.place);
    },
  };
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
