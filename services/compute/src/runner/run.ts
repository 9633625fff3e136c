import { type Clock, causeOf, type LogChunk, type Logger, type Random, type Registry } from "@shoal/core";
import type { Assignment, Report } from "@shoal/proto";
import type { Executor } from "../executors/executor.ts";
import type { HeldPath } from "../held-path.ts";
import type { Ended, Journal } from "../journal/journal.ts";
import type { Publisher } from "../publishers/publisher.ts";
import type { Outbox } from "../reports/outbox.ts";
import type { Source } from "../sources/source.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { DesiredState, RunState } from "./run-state.ts";

/** Everything that running an execution touches. */
export interface RunnerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly workspace: Workspace;
  readonly executors: Registry<Executor>;
  readonly sources: Registry<Source>;
  readonly publishers: Registry<Publisher>;
  readonly logger: Logger;
  /** The value of a host variable that tasks may read, or undefined. */
  readonly hostVariable: (name: string) => string | undefined;
  /** Where reports go; each has been journalled before. */
  readonly outbox: Pick<Outbox, "say" | "repeat" | "recorded">;
  /** Takes a copy of the output on its way out. */
  readonly log: (executionId: string) => { write(chunk: LogChunk): void; close(): void };
  /** The room of this execution is free again. */
  readonly release: (executionId: string) => void;
  readonly limits: RunLimits;
}

export interface RunLimits {
  /** The longest that bringing all inputs in may take, whatever the assignment allows. */
  readonly inputsMs: number;
  /** The most bytes that one input may have. */
  readonly inputBytes: number;
  /** The most bytes that all inputs of a task may have together which asks for no disk. */
  readonly inputsDefaultDiskBytes: number;
  /** The longest that publishing may take, whatever the assignment allows. */
  readonly publishMs: number;
  /** The most bytes of each of stdout and stderr that are kept in a file. */
  readonly outputFileBytes: number;
  /** The most bytes of stdout and stderr together; an execution that says more is ended. */
  readonly outputBytesMax: number;
  /** Tasks get no network, whatever they ask for. */
  readonly rejectNetworked: boolean;
  /** Tasks may have the network of the machine itself. */
  readonly hostNetwork: boolean;
}

/** One execution on its way through the matrix. */
export interface Run {
  readonly ports: RunnerPorts;
  readonly assignment: Assignment;
  /** Fires when the assignment asks for `stop`, or goes away. */
  readonly stopped: AbortSignal;
  /** Fires when the assignment goes away. */
  readonly forgotten: AbortSignal;
  /** Paths of this machine that are held open for it; closed with its folder. */
  readonly held: HeldPath[];
  /** True while a folder may exist for it. */
  hasFolder: boolean;
  /** The last number that was given to a report of it, by any process of this node. */
  number: number;
  /** The last report that the journal has. */
  reported: Report | undefined;
}

/** What is wanted of a run now. */
export function expectedOf({ stopped, forgotten }: Run): DesiredState {
  if (forgotten.aborted) return "forget";
  return stopped.aborted ? "stop" : "run";
}

/** Writes down what is known of a run, with its last report; `report` is a new one. Throws as the journal does. */
export async function record(run: Run, phase: Phase, report = run.reported): Promise<void> {
  const { executionId, jobId, namespace } = run.assignment;
  const base = { executionId, job: { jobId, namespace }, ...(report === undefined ? {} : { report }) };
  await run.ports.journal.write({ ...phase, ...base });
  run.reported = report;
}

/** Writes down that a run has ended, with its last report. Throws as the journal does. */
export async function recordEnd(run: Run, report: Report): Promise<void> {
  const { executionId, jobId, namespace } = run.assignment;
  await run.ports.journal.write({ phase: "settled", executionId, job: { jobId, namespace }, report });
  run.reported = report;
}

/** What differs between the journal's phases of a run that goes on. */
type Phase =
  | { readonly phase: "starting" }
  | { readonly phase: "running"; readonly startedAt: number }
  | { readonly phase: "exited"; readonly ended: Ended };

/** Ends what a state holds beside the work itself. */
export function letGo(seen: RunState): void {
  if (seen.state === "prepared" || seen.state === "running") seen.capture.close();
  if (seen.state === "prepared") seen.limit.cancel();
}

/** Lets go of what is held for the run and removes its folder, if it has one. What cannot be removed is left to the next start's sweep. */
export async function clearFolder(run: Run): Promise<void> {
  if (!run.hasFolder) return;
  run.hasFolder = false;
  const { executionId } = run.assignment;
  try {
    await Promise.all(run.held.splice(0).map((held) => held.close()));
    await run.ports.workspace.clear(executionId);
  } catch (failure) {
    run.ports.logger.warn({ executionId, why: causeOf(failure).why }, "a folder could not be removed");
  }
}

/** Where a run's results lie: what the publisher takes. */
export const resultsFolderOf = ({ ports, assignment }: Run): string =>
  `${ports.workspace.folderOf(assignment.executionId)}/results`;
