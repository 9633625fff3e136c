import { Fault } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { JournalEntry } from "../journal/journal.ts";
import { rests, takeStep } from "./matrix.ts";
import { failedReport, outgoing, thrownReport } from "./reports.ts";
import { resume, unremembered } from "./resume.ts";
import { expectedOf, type Run, type RunnerPorts } from "./run.ts";
import type { RunState } from "./run-state.ts";

/** How an execution begins on this node: from nothing, from what an earlier process knew, or refused at the door. */
export type Origin =
  | { readonly from: "nothing" }
  | {
      readonly from: "journal";
      readonly entry: JournalEntry;
      /** Resolves once the requesters have confirmed it: what nothing is left of is not started once more before. */
      readonly mayBegin: Promise<void>;
    }
  | { readonly from: "refusal"; readonly code: "NO_CAPACITY" | "TASK_INVALID"; readonly why: string };

/** Walks one execution through the matrix. Nothing that happens to it touches another one. */
export interface Runner {
  /** True once its assignment has gone. */
  isForgetting(): boolean;
  /** The assignment asks for `stop`: ends it and reports that, or the end that it had before. Again is a reminder. */
  stop(): void;
  /** The assignment has gone. Resolves once the execution is forgotten. */
  forget(): Promise<void>;
  /** The execution is live in the log, which has its reports up to this number. */
  recorded(upTo: number): void;
}

// Made once: an error of each stop's own would cost more than the whole rest of stopping.
const ended = new Fault("STOPPED", "its assignment does not ask for it any more");

/** Begins to walk at once. `onSettled` is called when the node is done with it, before the assignment goes. */
export function createRunner(ports: RunnerPorts, assignment: Assignment, options: RunnerOptions): Runner {
  const [toStop, toForget] = [new AbortController(), new AbortController()];
  const signals = { stopped: toStop.signal, forgotten: toForget.signal };
  const history = { number: options.recordedUpTo, reported: undefined };
  const run: Run = { ports, assignment, ...signals, ...history, held: [], hasFolder: false };
  let seen: RunState = { state: "idle" };
  let walking: Promise<void> = begin();

  async function begin(): Promise<void> {
    seen = await firstLook(run, options.origin);
    await walk();
  }
  async function walk(): Promise<void> {
    for (;;) {
      const desired = expectedOf(run);
      if (rests(desired, seen.state)) return;
      seen = await takeStep(run, desired, seen).catch((failure: unknown) => afterFailure(run, failure));
      if (seen.state === "settled") options.onSettled();
    }
  }
  /** The log has this number and not this end, so it was another report's: a node that lost its memory gave it twice. */
  async function renumber(upTo: number): Promise<void> {
    if (seen.state !== "settled" || seen.report.number > upTo) return;
    run.number += 1;
    seen = { state: "published", report: { ...seen.report, number: run.number } };
    await walk();
  }
  return {
    isForgetting: () => toForget.signal.aborted,
    stop() {
      if (seen.state === "settled" && toStop.signal.aborted) ports.outbox.repeat(outgoing(run, seen.report));
      else if (seen.state === "settled") ports.outbox.say(outgoing(run, seen.report));
      toStop.abort(ended);
      walking = walking.then(walk);
    },
    forget() {
      toStop.abort(ended);
      toForget.abort(ended);
      walking = walking.then(walk);
      return walking;
    },
    recorded(upTo) {
      run.number = Math.max(run.number, upTo);
      ports.outbox.recorded(assignment.executionId, upTo);
      if (seen.state === "settled" && seen.report.number <= upTo) walking = walking.then(() => renumber(upTo));
    },
  };
}

export interface RunnerOptions {
  readonly origin: Origin;
  /** The number of the last report that the log has of it, where it was asked: this node may have lost its memory. */
  readonly recordedUpTo: number;
  readonly onSettled: () => void;
}

async function firstLook(run: Run, origin: Origin): Promise<RunState> {
  if (origin.from === "nothing") return run.number === 0 ? { state: "idle" } : unremembered(run);
  if (origin.from === "refusal") return { state: "published", report: failedReport(run, origin) };
  const seen = await resume(run, origin.entry);
  if (seen.state === "idle") await Promise.race([origin.mayBegin, aborted(run.stopped)]);
  return seen;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Whatever a step throws is that execution's failure; one that is to be forgotten anyway goes without more words. */
const afterFailure = (run: Run, failure: unknown): RunState => ({
  state: "published",
  report: thrownReport(run, failure),
});
