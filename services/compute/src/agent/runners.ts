import { causeOf } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { Ledger } from "../capacity/ledger.ts";
import type { JournalEntry } from "../journal/journal.ts";
import type { Notes } from "../notes.ts";
import type { Beginning, Runner, RunnerOptions } from "../runner/runner.ts";
import type { ReadAssignment } from "./read-assignment.ts";
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
  has(executionId: string): boolean;
  isStopping(executionId: string): boolean;
  assignmentOf(executionId: string): Assignment | undefined;
  /** Begins an execution, once an earlier run of it has ended. */
  begin(executionId: string, read: ReadAssignment): void;
  /** Goes on with what an earlier process knew. What would start it once more waits for `mayBegin`. */
  resume(entry: JournalEntry, read: ReadAssignment, mayBegin: Promise<void>): void;
  /** Ends it, and forgets it. */
  end(executionId: string): void;
  /** Executors keep what they have of it although nothing runs it. */
  keep(executionId: string): void;
  /** They need not any more. */
  release(executionId: string): void;
  /** Says every last report again. */
  repeat(): void;
  /** Ends and removes what executors have and nobody waits for. */
  sweep(): void;
}

/** An execution that this node has, and what runs it. */
interface Present {
  readonly runner: Runner;
  readonly assignment: Assignment;
}

interface State {
  readonly options: RunnersOptions;
  readonly present: Map<string, Present>;
  /** What executors must keep: shared with their sweeps, and always up to date. */
  readonly busy: Set<string>;
  /** What has come back while it was still ending, with what is wanted now. */
  readonly comeBack: Map<string, ReadAssignment>;
}

export function createRunners(options: RunnersOptions): Runners {
  const state: State = { options, present: new Map(), busy: new Set(), comeBack: new Map() };
  const { present, busy, comeBack } = state;
  return {
    has: (executionId) => present.has(executionId),
    isStopping: (executionId) => present.get(executionId)?.runner.isStopping() === true,
    assignmentOf: (executionId) => present.get(executionId)?.assignment,
    begin(executionId, read) {
      if (present.has(executionId)) comeBack.set(executionId, read);
      else beginNew(state, executionId, read);
    },
    resume: (entry, read, mayBegin) => beginAgain(state, entry, { read, mayBegin }),
    end(executionId) {
      comeBack.delete(executionId);
      void end(state, executionId);
    },
    keep: (executionId) => void busy.add(executionId),
    release(executionId) {
      if (!present.has(executionId) && busy.delete(executionId)) options.sweep(busy);
    },
    repeat: () => {
      for (const { runner } of present.values()) runner.repeat();
    },
    sweep: () => options.sweep(busy),
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
  present.set(executionId, { assignment, runner: options.run(assignment, { beginning, onSettled }) });
}

function beginNew(state: State, executionId: string, { assignment, why }: ReadAssignment): void {
  const { notes, ledger } = state.options;
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

function beginAgain(
  state: State,
  entry: JournalEntry,
  { read, mayBegin }: { readonly read: ReadAssignment; readonly mayBegin: Promise<void> },
): void {
  const { executionId } = entry;
  // What cannot be read any more is refused as anything else that cannot.
  if (read.assignment === undefined || read.why !== undefined) {
    beginNew(state, executionId, read);
    return;
  }
  if (entry.phase !== "settled") state.options.ledger.adopt(executionId, read.assignment.resources);
  begin(state, read.assignment, { from: "journal", entry, mayBegin });
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
  if (busy.delete(executionId)) options.sweep(busy, ending.assignment.task.engine.type);
  const read = comeBack.get(executionId);
  comeBack.delete(executionId);
  if (read !== undefined) beginNew(state, executionId, read);
}
