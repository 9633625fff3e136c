import {
  backoffMs,
  type Clock,
  causeOf,
  jittered,
  type Logger,
  type OutgoingReport,
  type Process,
  type Random,
  type ReportSender,
  resultWithin,
} from "@shoal/core";

/** Reports in flight at once; the stream stores them one after another in any case. */
const sendsMax = 64;
// The first and the longest pause after a refusal: a server that comes back is reached within seconds, and one that is
// down is not overloaded.
const backoff = { firstMs: 100, maxMs: 5_000 } as const;
/** How long a clean stop waits for acknowledgements. A report without one is sent after the next start. */
const farewellMs = 1_000;
// A stored report is repeated after three to five minutes: what a requester has lost is repaired while a person still
// waits for it, and a thousand idle executions send eight reports a second at most, and five on average.
const repeatMs = { least: 180_000, most: 300_000 } as const;
// Reports to be repeated soon are sent one after another, a hundred a second. Nodes that reconnect together with their
// server begin within this time, as with their confirmations.
const repeatGapMs = 10;
const spreadMs = 200;

/**
 * Sends reports until the stream has stored them, and repeats the last one of each execution. The journal already
 * contains every report that the outbox gets.
 */
export interface Outbox extends Process {
  /** Sends a report now, in place of an unsent one of the same execution. An earlier number is ignored. */
  send(report: OutgoingReport): void;
  /** Sends a report soon that may have been sent before; many such reports share a bounded rate. */
  repeat(report: OutgoingReport): void;
  /** Repeats the last report of every execution soon, including recorded ones. */
  repeatAll(): void;
  /** The log has the reports of an execution up to this number: they are not repeated. */
  recorded(executionId: string, upTo: number): void;
  /** The execution is settled: its reports are not needed any more. */
  forget(executionId: string): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly reports: ReportSender;
  readonly logger: Logger;
  /** Called when a repeated report is unconfirmed: the requesters can confirm whether the log has it. */
  readonly onRepeat: (executionId: string) => void;
}

/** The reports of one execution. */
interface OutboxEntry {
  latest: OutgoingReport;
  /** The report that is being sent, or was stored last. */
  sent: OutgoingReport | undefined;
  /** `resting`: stored, or to be repeated soon. */
  state: "resting" | "queued" | "sending" | "pausing";
  failures: number;
  /** The log has the reports up to this number. */
  recordedUpTo: number;
  cancelTimer: () => void;
}

const isStored = ({ state, latest, sent }: OutboxEntry): boolean => state === "resting" && latest === sent;
const isRecorded = ({ latest, recordedUpTo }: OutboxEntry): boolean => latest.report.number <= recordedUpTo;

export function createOutbox(options: OutboxOptions): Outbox {
  const entries = new Map<string, OutboxEntry>();
  let received: (() => void) | undefined;
  const isKnown = (entry: OutboxEntry): boolean => entries.get(entry.latest.executionId) === entry;
  const line = createLine(options, {
    isKnown,
    stored(entry) {
      repeatLater(options, entry, line.enqueue);
      if (received !== undefined && [...entries.values()].every(isStored)) received();
    },
  });
  let repeatAt = 0;
  const repeatSoon = (entry: OutboxEntry): void => {
    if (entry.state !== "resting") return;
    const now = options.clock.now();
    const isFirst = repeatAt + repeatGapMs < now;
    repeatAt = isFirst ? now + options.random.fraction() * spreadMs : repeatAt + repeatGapMs;
    plan(options, entry, { afterMs: repeatAt - now, act: () => line.enqueue(entry) });
  };
  return {
    name: "outbox",
    start: async () => {},
    stop: async () => {
      if (![...entries.values()].every(isStored)) {
        const all = Promise.withResolvers<void>();
        received = all.resolve;
        await resultWithin(all.promise, { clock: options.clock, limitMs: farewellMs });
      }
      for (const { cancelTimer } of entries.values()) cancelTimer();
      entries.clear();
    },
    send(report) {
      const entry = take(entries, report);
      if (entry?.state === "resting") line.enqueue(entry);
    },
    repeat(report) {
      const entry = take(entries, report);
      if (entry !== undefined) repeatSoon(entry);
    },
    repeatAll() {
      for (const entry of entries.values()) {
        // The log may have been restored: what it had earlier proves nothing.
        entry.recordedUpTo = 0;
        repeatSoon(entry);
      }
    },
    recorded(executionId, upTo) {
      const entry = entries.get(executionId);
      if (entry === undefined) return;
      entry.recordedUpTo = Math.max(entry.recordedUpTo, upTo);
      if (entry.state === "resting" && isRecorded(entry)) entry.cancelTimer();
    },
    forget(executionId) {
      entries.get(executionId)?.cancelTimer();
      entries.delete(executionId);
    },
  };
}

/** Makes a report the latest of its execution; undefined when a later one is known. */
function take(entries: Map<string, OutboxEntry>, report: OutgoingReport): OutboxEntry | undefined {
  const { executionId } = report;
  const entry = entries.get(executionId) ?? {
    ...{ latest: report, sent: undefined, state: "resting", failures: 0, recordedUpTo: 0, cancelTimer: () => {} },
  };
  if (report.report.number < entry.latest.report.number) return undefined;
  // A copy, so that the same report sent twice is not taken for the stored one.
  entry.latest = { ...report };
  entries.set(executionId, entry);
  return entry;
}

/** Repeats a stored report in some minutes, unless the log has it by then. */
function repeatLater(options: OutboxOptions, entry: OutboxEntry, enqueue: (entry: OutboxEntry) => void): void {
  if (isRecorded(entry)) return;
  const { least, most } = repeatMs;
  plan(options, entry, {
    afterMs: least + options.random.fraction() * (most - least),
    act() {
      options.onRepeat(entry.latest.executionId);
      enqueue(entry);
    },
  });
}

/** An entry has at most one timer. */
function plan(
  { clock }: OutboxOptions,
  entry: OutboxEntry,
  { afterMs, act }: { readonly afterMs: number; readonly act: () => void },
): void {
  entry.cancelTimer();
  entry.cancelTimer = clock.at(clock.now() + afterMs, act);
}

interface LineWatcher {
  /** Whether an entry is still in the outbox. */
  readonly isKnown: (entry: OutboxEntry) => boolean;
  readonly stored: (entry: OutboxEntry) => void;
}

/** Sends queued reports, a bounded number at once. */
function createLine(options: OutboxOptions, { isKnown, stored }: LineWatcher) {
  const { random, reports, logger } = options;
  const queue = new Set<OutboxEntry>();
  let sends = 0;
  let planned = false;

  function enqueue(entry: OutboxEntry): void {
    entry.cancelTimer();
    entry.state = "queued";
    queue.add(entry);
    if (planned) return;
    planned = true;
    // Not at once: reports of the same event-loop turn (running, then completed) become one.
    queueMicrotask(() => {
      planned = false;
      pump();
    });
  }
  function pump(): void {
    for (const entry of queue) {
      if (sends >= sendsMax) return;
      queue.delete(entry);
      if (isKnown(entry)) void send(entry);
    }
  }
  async function send(entry: OutboxEntry): Promise<void> {
    const report = entry.latest;
    entry.sent = report;
    entry.state = "sending";
    sends += 1;
    try {
      await reports.send(report);
      entry.failures = 0;
      entry.state = "resting";
    } catch (failure) {
      pauseThenRetry(entry, failure);
    }
    sends -= 1;
    if (isKnown(entry) && entry.state === "resting") {
      if (entry.latest === report) stored(entry);
      else enqueue(entry);
    }
    pump();
  }
  function pauseThenRetry(entry: OutboxEntry, failure: unknown): void {
    entry.failures += 1;
    entry.state = "pausing";
    const { executionId } = entry.latest;
    if (entry.failures === 1) logger.warn({ executionId, ...causeOf(failure) }, "storing a report failed, retrying");
    if (!isKnown(entry)) return;
    const pauseMs = jittered(backoffMs(backoff, entry.failures), random);
    plan(options, entry, { afterMs: pauseMs, act: () => enqueue(entry) });
  }
  return { enqueue };
}
