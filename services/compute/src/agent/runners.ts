import { causeOf, type ViewEntry } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { Ledger } from "../capacity/ledger.ts";
import type { JournalEntry } from "../journal/journal.ts";
import type { Notes } from "../notes.ts";
import type { Beginning, Runner, RunnerOptions } from "../runner/runner.ts";
import { readAssignment } from "./read-assignment.ts";
import type { Sweep } from "./sweeper.ts";

export interface RunnersOptions {
  readonly nodeId: string;
  readonly ledger: Pick<Ledger, "take" | "adopt">;
  readonly notes: Notes;
  readonly run: (assignment: Assignment, options: RunnerOptions) => Runner;
  /** The execution is settled for good: nothing more needs to be said of it. */
  readonly forget: (executionId: string) => void;
  readonly sweep: Sweep;
}

/** One runner for each execution that this node has. */
export interface Runners {
  /** Begins what is new, ends what has gone, and leaves the rest alone. */
  follow(executionId: string, value: ViewEntry | undefined): void;
  /** Goes on with what an earlier process knew. */
  resume(entry: JournalEntry, value: ViewEntry): void;
  /** Says every last report again. */
  repeat(): void;
  /** Ends and removes what executors have and nobody waits for. */
  sweep(): void;
}

/** An execution that this node has, and what runs it. */
interface Present {
  readonly runner: Runner;
  readonly engine: string;
}

interface State {
  readonly options: RunnersOptions;
  readonly present: Map<string, Present>;
  /** What executors must keep: shared with their sweeps, and always up to date. */
  readonly busy: Set<string>;
  /** What has come back while it was still ending, with what is wanted now. */
  readonly comeBack: Map<string, ViewEntry>;
}

export function createRunners(options: RunnersOptions): Runners {
  const state: State = { options, present: new Map(), busy: new Set(), comeBack: new Map() };
  return {
    follow(executionId, value) {
      const runner = state.present.get(executionId)?.runner;
      state.comeBack.delete(executionId);
      if (value === undefined) void end(state, executionId);
      else if (runner === undefined) beginNew(state, executionId, value);
      else if (runner.isStopping()) state.comeBack.set(executionId, value);
    },
    resume: (entry, value) => beginAgain(state, entry, value),
    repeat: () => {
      for (const { runner } of state.present.values()) runner.repeat();
    },
    sweep: () => options.sweep(state.busy),
  };
}

function begin({ options, present, busy }: State, assignment: Assignment, beginning: Beginning): void {
  const { executionId } = assignment;
  const { type: engine } = assignment.task.engine;
  busy.add(executionId);
  const onSettled = () => {
    busy.delete(executionId);
    options.sweep(busy, engine);
  };
  present.set(executionId, { engine, runner: options.run(assignment, { beginning, onSettled }) });
}

function beginNew(state: State, executionId: string, value: ViewEntry): void {
  const { nodeId, notes, ledger } = state.options;
  const { assignment, why } = readAssignment(nodeId, executionId, value);
  if (assignment === undefined) {
    notes.warn("an assignment cannot be read, nor answered", { executionId, why });
  } else if (why !== undefined) {
    begin(state, assignment, { from: "refusal", code: "TASK_INVALID", why });
  } else {
    const full = ledger.take(executionId, assignment.askId, assignment.resources);
    begin(
      state,
      assignment,
      full === undefined ? { from: "nothing" } : { from: "refusal", code: "NO_CAPACITY", why: full },
    );
  }
}

function beginAgain(state: State, entry: JournalEntry, value: ViewEntry): void {
  const { nodeId, ledger } = state.options;
  const read = readAssignment(nodeId, entry.executionId, value);
  // What cannot be read any more is refused as anything else that cannot.
  if (read.assignment === undefined || read.why !== undefined) return;
  if (entry.phase !== "settled") ledger.adopt(entry.executionId, read.assignment.resources);
  begin(state, read.assignment, { from: "journal", entry });
}

async function end(state: State, executionId: string): Promise<void> {
  const { options, present, busy, comeBack } = state;
  const ending = present.get(executionId);
  if (ending === undefined || ending.runner.isStopping()) return;
  options.forget(executionId);
  try {
    await ending.runner.stop();
  } catch (failure) {
    options.notes.warn("an execution did not end well", { executionId, why: causeOf(failure).why });
  }
  present.delete(executionId);
  if (busy.delete(executionId)) options.sweep(busy, ending.engine);
  const value = comeBack.get(executionId);
  comeBack.delete(executionId);
  if (value !== undefined) beginNew(state, executionId, value);
}
