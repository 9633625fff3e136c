import { causeOf, type Logger } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { Ledger } from "../capacity/ledger.ts";
import type { JournalEntry } from "../journal/journal.ts";
import type { Outbox } from "../reports/outbox.ts";
import type { Origin, Runner, RunnerOptions } from "../runner/runner.ts";
import type { ReadAssignment } from "./read-assignment.ts";
import type { ExecutorSweep } from "./sweeper.ts";

export interface RunnersOptions {
  readonly nodeId: string;
  readonly ledger: Pick<Ledger, "take" | "adopt">;
  readonly logger: Logger;
  readonly run: (assignment: Assignment, options: RunnerOptions) => Runner;
  readonly outbox: Pick<Outbox, "forget" | "recorded" | "repeatAll">;
  readonly sweep: ExecutorSweep;
}

/** One runner for each execution that this node has. */
export interface Runners {
  has(executionId: string): boolean;
  isForgetting(executionId: string): boolean;
  assignmentOf(executionId: string): Assignment | undefined;
  /** Every execution that has a runner. */
  all(): Iterable<PresentExecution>;
  /** Begins an execution after an earlier run of it has ended. An execution that is to be stopped only reports that. */
  begin(executionId: string, confirmed: ConfirmedAssignment): void;
  /** Resumes from the journal of an earlier process. What would start again waits for `mayBegin`. */
  resume(entry: JournalEntry, read: ReadAssignment, mayBegin: Promise<void>): void;
  /** Ends the execution and reports the end until its assignment is removed. */
  stop(executionId: string): void;
  /** The execution is live in the log, which has its reports up to this number. */
  recorded(executionId: string, upTo: number): void;
  /** Ends the execution and forgets it. */
  end(executionId: string): void;
  /** Executors keep the containers and files of this execution although no runner has it. */
  keep(executionId: string): void;
  /** Executors no longer need to keep this execution. */
  release(executionId: string): void;
  /** Removes what executors hold and no execution needs. */
  sweep(): void;
}

/**
 * What was read of an assignment. `recordedUpTo` is the number of the last report that the log has, or 0 when no
 * requester was asked.
 */
export interface ConfirmedAssignment {
  readonly read: ReadAssignment;
  readonly recordedUpTo: number;
}

/** An execution on this node, with its runner. */
export interface PresentExecution {
  readonly runner: Pick<Runner, "isEnding">;
  readonly assignment: Assignment;
}

interface Present extends PresentExecution {
  readonly runner: Runner;
}

interface RunnersState {
  readonly options: RunnersOptions;
  readonly present: Map<string, Present>;
  /** What executors must keep. Their sweeps share this set, and it is always current. */
  readonly busy: Set<string>;
  /** Executions that were assigned again while they were ending, with the new assignment. */
  readonly comeBack: Map<string, ConfirmedAssignment>;
}

export function createRunners(options: RunnersOptions): Runners {
  const state: RunnersState = { options, present: new Map(), busy: new Set(), comeBack: new Map() };
  const { present, busy, comeBack } = state;
  return {
    has: (executionId) => present.has(executionId),
    isForgetting: (executionId) => present.get(executionId)?.runner.isForgetting() === true,
    all: () => present.values(),
    assignmentOf: (executionId) => present.get(executionId)?.assignment,
    begin(executionId, confirmed) {
      if (present.has(executionId)) comeBack.set(executionId, confirmed);
      else beginNew(state, executionId, confirmed);
    },
    resume: (entry, read, mayBegin) => beginAgain(state, entry, { read, mayBegin }),
    stop: (executionId) => present.get(executionId)?.runner.stop(),
    recorded: (executionId, upTo) => present.get(executionId)?.runner.recorded(upTo),
    end(executionId) {
      comeBack.delete(executionId);
      void end(state, executionId);
    },
    keep: (executionId) => void busy.add(executionId),
    release(executionId) {
      if (!present.has(executionId) && busy.delete(executionId)) options.sweep(busy);
    },
    sweep: () => options.sweep(busy),
  };
}

function begin(
  { options, present, busy }: RunnersState,
  assignment: Assignment,
  { origin, recordedUpTo }: Pick<RunnerOptions, "origin" | "recordedUpTo">,
): void {
  const { executionId } = assignment;
  const { type: engine } = assignment.task.engine;
  busy.add(executionId);
  const onSettled = () => {
    busy.delete(executionId);
    options.sweep(busy, engine);
  };
  const runner = options.run(assignment, { origin, recordedUpTo, onSettled });
  present.set(executionId, { assignment, runner });
  if (assignment.desired === "stop") runner.stop();
}

function beginNew(state: RunnersState, executionId: string, { read, recordedUpTo }: ConfirmedAssignment): void {
  const { assignment, why } = read;
  if (assignment === undefined) {
    state.options.logger.warn({ executionId, why }, "an assignment cannot be read, and cannot be refused");
    return;
  }
  begin(state, assignment, { origin: originOf(state, assignment, why), recordedUpTo });
}

function originOf({ options }: RunnersState, assignment: Assignment, why: string | undefined): Origin {
  if (why !== undefined) return { from: "refusal", code: "TASK_INVALID", why };
  const { executionId, askId, resources, desired } = assignment;
  if (desired === "stop") return { from: "nothing" };
  const full = options.ledger.take(executionId, askId, resources);
  return full === undefined ? { from: "nothing" } : { from: "refusal", code: "NO_CAPACITY", why: full };
}

function beginAgain(
  state: RunnersState,
  entry: JournalEntry,
  { read, mayBegin }: { readonly read: ReadAssignment; readonly mayBegin: Promise<void> },
): void {
  const { executionId } = entry;
  // An assignment that can no longer be read is refused like any other unreadable one.
  if (read.assignment === undefined || read.why !== undefined) {
    beginNew(state, executionId, { read, recordedUpTo: entry.report?.number ?? 0 });
    return;
  }
  if (entry.phase !== "settled") state.options.ledger.adopt(executionId, read.assignment.resources);
  begin(state, read.assignment, { origin: { from: "journal", entry, mayBegin }, recordedUpTo: 0 });
}

async function end(state: RunnersState, executionId: string): Promise<void> {
  const { options, present, busy, comeBack } = state;
  const ending = present.get(executionId);
  if (ending === undefined || ending.runner.isForgetting()) return;
  options.outbox.forget(executionId);
  try {
    await ending.runner.forget();
  } catch (failure) {
    options.logger.warn({ executionId, why: causeOf(failure).why }, "ending an execution failed");
  }
  present.delete(executionId);
  if (busy.delete(executionId)) options.sweep(busy, ending.assignment.task.engine.type);
  const confirmed = comeBack.get(executionId);
  comeBack.delete(executionId);
  if (confirmed !== undefined) beginNew(state, executionId, confirmed);
}
