import { Fault } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { JournalEntry } from "../journal/journal.ts";
import { isIdle, takeStep } from "./matrix.ts";
import { failedReport, outgoing, thrownReport } from "./reports.ts";
import { resume, unremembered } from "./resume.ts";
import { desiredOf, type Run, type RunnerPorts } from "./run.ts";
import type { RunState } from "./run-state.ts";

/** How an execution begins on this node: from nothing, from a journal entry, or as a refusal. */
export type Origin =
  | { readonly from: "nothing" }
  | {
      readonly from: "journal";
      readonly entry: JournalEntry;
      /**
       * Resolves once the requesters have confirmed the execution; until then a workload of which nothing is left does not
       * start again.
       */
      readonly mayBegin: Promise<void>;
    }
  | { readonly from: "refusal"; readonly code: "NO_CAPACITY" | "TASK_INVALID"; readonly why: string };

/** Takes one execution through the matrix. A failure here affects no other execution. */
export interface Runner {
  /** True once the assignment has been removed. */
  isForgetting(): boolean;
  /** It was ordered to end, or its workload has ended: it uses its resources only for a while. */
  isEnding(): boolean;
  /** The assignment asks for `stop`: ends the execution and reports that, or its earlier end. Idempotent. */
  stop(): void;
  /** The assignment was removed. Resolves once the execution is forgotten. */
  forget(): Promise<void>;
  /** The execution is live in the log, which has its reports up to this number. */
  recorded(upTo: number): void;
}

// Created once: a separate error for each stop would cost more than the rest of stopping.
const ended = new Fault("STOPPED", "its assignment no longer asks for it");

const isOver: ReadonlySet<RunState["state"]> = new Set(["exited", "published", "settled", "gone"]);

/** Starts at once. `onSettled` is called when the node is done with the execution, before the assignment is removed. */
export function createRunner(ports: RunnerPorts, assignment: Assignment, options: RunnerOptions): Runner {
  const [toStop, toForget] = [new AbortController(), new AbortController()];
  const signals = { stopped: toStop.signal, forgotten: toForget.signal };
  const history = { number: options.recordedUpTo, reported: undefined };
  const nothingYet = { held: [], hasFolder: false, runtime: undefined, progress: undefined, generation: 0 };
  const run: Run = { ports, assignment, ...signals, ...history, ...nothingYet };
  let observed: RunState = { state: "idle" };
  let advancing: Promise<void> = begin();

  async function begin(): Promise<void> {
    observed = await initialState(run, options.origin);
    await advance();
  }
  async function advance(): Promise<void> {
    for (;;) {
      const desired = desiredOf(run);
      if (isIdle(desired, observed.state)) return;
      observed = await takeStep(run, desired, observed).catch((failure: unknown) => afterFailure(run, failure));
      if (observed.state === "settled") options.onSettled();
    }
  }
  /**
   * The log has this number without this end, so the number belongs to another report: a node that lost its journal
   * used it twice.
   */
  async function renumber(upTo: number): Promise<void> {
    if (observed.state !== "settled" || observed.report.number > upTo) return;
    run.number += 1;
    observed = { state: "published", report: { ...observed.report, number: run.number } };
    await advance();
  }
  return {
    isForgetting: () => toForget.signal.aborted,
    isEnding: () => toStop.signal.aborted || isOver.has(observed.state),
    stop() {
      if (observed.state === "settled" && toStop.signal.aborted) ports.outbox.repeat(outgoing(run, observed.report));
      else if (observed.state === "settled") ports.outbox.send(outgoing(run, observed.report));
      toStop.abort(ended);
      advancing = advancing.then(advance);
    },
    forget() {
      toStop.abort(ended);
      toForget.abort(ended);
      advancing = advancing.then(advance);
      return advancing;
    },
    recorded(upTo) {
      run.number = Math.max(run.number, upTo);
      ports.outbox.recorded(assignment.executionId, upTo);
      if (observed.state === "settled" && observed.report.number <= upTo)
        advancing = advancing.then(() => renumber(upTo));
    },
  };
}

export interface RunnerOptions {
  readonly origin: Origin;
  /** The number of its last report in the log, where a requester was asked: this node may have lost its journal. */
  readonly recordedUpTo: number;
  readonly onSettled: () => void;
}

async function initialState(run: Run, origin: Origin): Promise<RunState> {
  if (origin.from === "nothing") return run.number === 0 ? { state: "idle" } : unremembered(run);
  if (origin.from === "refusal") return { state: "published", report: failedReport(run, origin) };
  const observed = await resume(run, origin.entry);
  if (observed.state === "idle") await Promise.race([origin.mayBegin, aborted(run.stopped)]);
  return observed;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Whatever a step throws is that execution's failure; an execution that is to be forgotten anyway reports nothing. */
const afterFailure = (run: Run, failure: unknown): RunState => ({
  state: "published",
  report: thrownReport(run, failure),
});
