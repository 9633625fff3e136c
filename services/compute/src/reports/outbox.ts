import { type Chance, type Clock, causeOf, type OutgoingReport, type Process, type ReportSender } from "@shoal/core";
import type { Report } from "@shoal/proto";
import type { Notes } from "../notes.ts";

/** Reports on their way at once; the stream takes them in any case one after another. */
const sendsMax = 64;
// The first wait after a refusal, and the longest: a server that comes back is met within seconds, one that is down is not pressed.
const firstPauseMs = 100;
const pauseMsMax = 5_000;
/** How long a clean stop waits for reports to be heard. What is not heard by then is said after the next start. */
const farewellMs = 1_000;

/** Later kinds say all that earlier ones would; a lower rank never follows a higher one. */
const rank: Readonly<Record<Report["saw"]["kind"], number>> = {
  running: 0,
  publishing: 1,
  completed: 2,
  failed: 2,
  stopped: 2,
};

/** Says reports until they are heard. What it holds has been journalled before, so it keeps nothing itself. */
export interface Outbox extends Process {
  /** Says this; it takes the place of what has not been sent yet of the same execution. */
  say(report: OutgoingReport): void;
  /** The execution is settled: nothing more needs to be heard of it. */
  forget(executionId: string): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly reports: ReportSender;
  readonly notes: Notes;
}

/** One execution's reports. */
interface Entry {
  latest: OutgoingReport;
  /** What is being sent, or was heard last. */
  sent: OutgoingReport | undefined;
  state: "resting" | "queued" | "sending" | "pausing";
  failures: number;
  cancelRetry: () => void;
}

const rankOf = ({ report }: OutgoingReport): number => rank[report.saw.kind];
const isHeard = ({ state, latest, sent }: Entry): boolean => state === "resting" && latest === sent;

export function createOutbox(options: OutboxOptions): Outbox {
  const entries = new Map<string, Entry>();
  let heard: (() => void) | undefined;
  const line = createLine(options, (entry) => {
    if (entries.get(entry.latest.executionId) !== entry) return false;
    if (heard !== undefined && [...entries.values()].every(isHeard)) heard();
    return true;
  });
  return {
    name: "outbox",
    start: async () => {},
    stop: async () => {
      if (![...entries.values()].every(isHeard)) {
        await new Promise<void>((resolve) => {
          const cancel = options.clock.at(options.clock.now() + farewellMs, resolve);
          heard = () => {
            cancel();
            resolve();
          };
        });
      }
      for (const { cancelRetry } of entries.values()) cancelRetry();
      entries.clear();
    },
    say(report) {
      const known = entries.get(report.executionId);
      if (known !== undefined && rankOf(report) < rankOf(known.latest)) return;
      // A copy, so that saying the same again is not taken for what was heard.
      const entry = known ?? { latest: report, sent: undefined, state: "resting", failures: 0, cancelRetry: () => {} };
      entry.latest = { ...report };
      entries.set(report.executionId, entry);
      if (entry.state === "resting") line.enqueue(entry);
    },
    forget(executionId) {
      entries.get(executionId)?.cancelRetry();
      entries.delete(executionId);
    },
  };
}

/** Sends what is in line, a bounded number at once; `goesOn` says whether an entry is still wanted. */
function createLine({ clock, chance, reports, notes }: OutboxOptions, goesOn: (entry: Entry) => boolean) {
  const queue = new Set<Entry>();
  let sends = 0;
  let planned = false;

  function enqueue(entry: Entry): void {
    entry.state = "queued";
    queue.add(entry);
    if (planned) return;
    planned = true;
    // Not at once: what the same moment adds (running, then completed) becomes one report.
    queueMicrotask(() => {
      planned = false;
      pump();
    });
  }
  function pump(): void {
    for (const entry of queue) {
      if (sends >= sendsMax) return;
      queue.delete(entry);
      if (goesOn(entry)) void send(entry);
    }
  }
  async function send(entry: Entry): Promise<void> {
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
    if (goesOn(entry) && entry.state === "resting" && entry.latest !== report) enqueue(entry);
    pump();
  }
  function pauseThenRetry(entry: Entry, failure: unknown): void {
    entry.failures += 1;
    entry.state = "pausing";
    const { executionId } = entry.latest;
    if (entry.failures === 1)
      notes.warn("a report was not heard, it is said again", { executionId, ...causeOf(failure) });
    const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (entry.failures - 1)) * (0.5 + chance.fraction() / 2);
    entry.cancelRetry = clock.at(clock.now() + pauseMs, () => {
      if (goesOn(entry)) enqueue(entry);
    });
  }
  return { enqueue };
}
