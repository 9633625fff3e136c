import {
  type BidServer,
  type Clock,
  causeOf,
  type LogChunk,
  type Logger,
  type Random,
  type Registry,
} from "@shoal/core";
import type { Assignment, ExecutionRuntime, Preparation, Report } from "@shoal/proto";
import type { Executor, Running } from "../executors/executor.ts";
import type { Grants } from "../grants/grants.ts";
import type { HeldPath } from "../held-path.ts";
import type { Ended, Journal } from "../journal/journal.ts";
import type { OutputOrigin } from "../logs/log-shipper.ts";
import type { Publisher } from "../publishers/publisher.ts";
import type { Outbox } from "../reports/outbox.ts";
import type { Source } from "../sources/source.ts";
import type { UnpublishedResults } from "../workspace/unpublished-results.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { DesiredState, RunState } from "./run-state.ts";

/** The dependencies of running an execution. */
export interface RunnerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly workspace: Workspace;
  readonly executors: Registry<Executor>;
  readonly sources: Registry<Source>;
  readonly publishers: Registry<Publisher>;
  readonly logger: Logger;
  /** Keeps results that could not be published; without it they are removed. */
  readonly unpublished?: Pick<UnpublishedResults, "keep"> | undefined;
  /** The value of a host variable that tasks may read, or undefined. */
  readonly hostVariable: (name: string) => string | undefined;
  /** Where the secrets of a task come from. */
  readonly bidServer: Pick<BidServer, "requestSecrets">;
  /** Where reports go; each has been journalled before. */
  readonly outbox: Pick<Outbox, "send" | "repeat" | "recorded">;
  /** Takes a copy of the output for the log. */
  readonly log: (origin: OutputOrigin) => { write(chunk: LogChunk): void; close(): void };
  readonly grants: Pick<Grants, "grant">;
  /** Releases the resources of this execution. */
  readonly release: (executionId: string) => void;
  readonly limits: RunLimits;
}

export interface RunLimits {
  /** Limit for fetching all inputs, in milliseconds, whatever the assignment allows. */
  readonly inputsMs: number;
  /** Limit of one input, in bytes. */
  readonly inputBytes: number;
  /** Limit of all inputs together, in bytes, for a task that requests no disk. */
  readonly inputsDefaultDiskBytes: number;
  /** Limit for publishing, in milliseconds, whatever the assignment allows. */
  readonly publishMs: number;
  /** Limit of the stored file of stdout and of stderr, in bytes. */
  readonly outputFileBytes: number;
  /** Limit of stdout and stderr together, in bytes; an execution that writes more is ended. */
  readonly outputBytesMax: number;
  /** Tasks get no network, whatever they request. */
  readonly rejectNetworked: boolean;
  /** Tasks may use the host network. */
  readonly hostNetwork: boolean;
}

/** What a run has prepared so far. */
export interface PreparationProgress {
  /** Begins a stage: it is reported when it takes more than a second, and when it changes. */
  begin(stage: Preparation["stage"]): void;
  end(): void;
  /** What a report shows: the stage while it lasts, and later only what was fetched from elsewhere. */
  shown(isPreparing: boolean): Preparation | undefined;
}

/** One execution on its way through the matrix. */
export interface Run {
  readonly ports: RunnerPorts;
  readonly assignment: Assignment;
  /** Fires when the assignment asks for `stop`, or is removed. */
  readonly stopped: AbortSignal;
  /** Fires when the assignment is removed. */
  readonly forgotten: AbortSignal;
  /** Paths of this machine that are held open for the execution; closed when its folder is removed. */
  readonly held: HeldPath[];
  /** What has been prepared; set when the preparation begins. */
  progress: PreparationProgress | undefined;
  /** True while a folder may exist for it. */
  hasFolder: boolean;
  /** The highest number of its reports, by any process of this node. */
  number: number;
  /** What the execution has on this node; undefined until it is prepared. */
  runtime: ExecutionRuntime | undefined;
  /** The last start of the task, for its output: the time at which it was prepared, by any process of this node; 0 for none. */
  generation: number;
  /** The last report in the journal. */
  reported: Report | undefined;
}

/** The current desired state of a run. */
export function desiredOf({ stopped, forgotten }: Run): DesiredState {
  if (forgotten.aborted) return "forget";
  return stopped.aborted ? "stop" : "run";
}

/** What a run has on this node, as a field of a report or a journal entry. */
export const runtimeOf = ({ runtime }: Run): { readonly runtime?: ExecutionRuntime } =>
  runtime === undefined || Object.keys(runtime).length === 0 ? {} : { runtime };

/** Notes the image that runs, for reports and for a later start. */
export function keepImage(run: Run, { image }: Pick<Running, "image">): void {
  if (image !== undefined) run.runtime = { ...run.runtime, image };
}

/** Journals the state of a run, with its last report; `report` is a new one. Throws as the journal does. */
export async function record(run: Run, phase: Phase, report = run.reported): Promise<void> {
  const { executionId, jobId, namespace } = run.assignment;
  const started = run.generation === 0 ? {} : { generation: run.generation };
  const known = { ...runtimeOf(run), ...started, ...(report === undefined ? {} : { report }) };
  const base = { executionId, job: { jobId, namespace }, ...known };
  await run.ports.journal.write({ ...phase, ...base });
  run.reported = report;
}

/** Journals the end of a run, with its last report. Throws as the journal does. */
export async function recordEnd(run: Run, report: Report): Promise<void> {
  const { executionId, jobId, namespace } = run.assignment;
  await run.ports.journal.write({ phase: "settled", executionId, job: { jobId, namespace }, report });
  run.reported = report;
}

/** The data by which the journal's phases of a live run differ. */
type Phase =
  | { readonly phase: "preparing" }
  | { readonly phase: "starting" }
  | { readonly phase: "running"; readonly startedAt: number }
  | { readonly phase: "exited"; readonly ended: Ended };

/** Ends what a state holds beside the workload. */
export function releaseState(observed: RunState): void {
  if (observed.state === "prepared" || observed.state === "running") observed.capture.close();
  if (observed.state === "prepared") observed.limit.cancel();
}

/**
 * Closes what is held for the run and removes its folder, if it has one. The sweep at the next start removes what
 * remains.
 */
export async function clearFolder(run: Run): Promise<void> {
  if (!run.hasFolder) return;
  run.hasFolder = false;
  const { executionId } = run.assignment;
  try {
    await Promise.all(run.held.splice(0).map((held) => held.close()));
    await run.ports.workspace.clear(executionId);
  } catch (failure) {
    run.ports.logger.warn({ executionId, why: causeOf(failure).why }, "removing a folder failed");
  }
}

/** Folder of a run's results, which the publisher reads. */
export const resultsFolderOf = ({ ports, assignment }: Run): string =>
  `${ports.workspace.folderOf(assignment.executionId)}/results`;
