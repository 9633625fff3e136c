import { Fault } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { JournalEntry } from "../journal/journal.ts";
import { rests, takeStep } from "./matrix.ts";
import { failedReport, outgoing, thrownReport } from "./reports.ts";
import { resume } from "./resume.ts";
import type { Run, RunnerPorts } from "./run.ts";
import type { Seen } from "./seen.ts";

/** How an execution begins on this node: from nothing, from what an earlier process knew, or refused at the door. */
export type Beginning =
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
  isStopping(): boolean;
  /** The assignment has gone. Resolves once the execution is forgotten. */
  stop(): Promise<void>;
  /** Says the last report again, if there is one. */
  repeat(): void;
}

// Made once: an error of each stop's own would cost more than the whole rest of stopping.
const gone = new Fault("STOPPED", "its assignment has gone");

/** Begins to walk at once. `onSettled` is called when the node is done with it, before the assignment goes. */
export function createRunner(ports: RunnerPorts, assignment: Assignment, options: RunnerOptions): Runner {
  const want = new AbortController();
  const run: Run = { ports, assignment, stopped: want.signal, held: [], hasFolder: false };
  let seen: Seen = { state: "idle" };
  let walking: Promise<void> = begin();

  async function begin(): Promise<void> {
    seen = await firstLook(run, options.beginning);
    await walk();
  }
  async function walk(): Promise<void> {
    for (;;) {
      const wanted = want.signal.aborted ? "stop" : "run";
      if (rests(wanted, seen.state)) return;
      seen = await takeStep(run, wanted, seen).catch((failure: unknown) => afterFailure(run, failure));
      if (seen.state === "settled") options.onSettled();
    }
  }
  return {
    isStopping: () => want.signal.aborted,
    stop: () => {
      want.abort(gone);
      walking = walking.then(walk);
      return walking;
    },
    repeat: () => {
      if (seen.state === "settled") ports.say(outgoing(run, seen.report));
    },
  };
}

export interface RunnerOptions {
  readonly beginning: Beginning;
  readonly onSettled: () => void;
}

async function firstLook(run: Run, beginning: Beginning): Promise<Seen> {
  if (beginning.from === "nothing") return { state: "idle" };
  if (beginning.from === "refusal") return { state: "published", report: failedReport(run, beginning) };
  const seen = await resume(run, beginning.entry);
  if (seen.state === "idle") await Promise.race([beginning.mayBegin, aborted(run.stopped)]);
  return seen;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Whatever a step throws is that execution's failure; one that is to stop anyway goes without more words. */
const afterFailure = (run: Run, failure: unknown): Seen => ({ state: "published", report: thrownReport(run, failure) });
