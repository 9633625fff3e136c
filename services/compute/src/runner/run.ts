import { type Chance, type Clock, causeOf, type LogChunk, type OutgoingReport, type Registry } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { Executor } from "../executors/executor.ts";
import type { HeldPath } from "../held-path.ts";
import type { Journal } from "../journal/journal.ts";
import type { Notes } from "../notes.ts";
import type { Publisher } from "../publishers/publisher.ts";
import type { Source } from "../sources/source.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Everything that running an execution touches. */
export interface RunnerPorts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly journal: Journal;
  readonly workspace: Workspace;
  readonly executors: Registry<Executor>;
  readonly sources: Registry<Source>;
  readonly publishers: Registry<Publisher>;
  readonly notes: Notes;
  /** The value of a host variable that tasks may read, or undefined. */
  readonly hostVariable: (name: string) => string | undefined;
  /** Hands a report over to be said until it is heard. */
  readonly say: (report: OutgoingReport) => void;
  /** Takes a copy of the output on its way out. */
  readonly log: (executionId: string) => { write(chunk: LogChunk): void; close(): void };
  /** The room of this execution is free again. */
  readonly release: (executionId: string) => void;
  readonly limits: RunLimits;
}

export interface RunLimits {
  /** The longest that bringing all inputs in may take. */
  readonly inputsMs: number;
  /** The most bytes that one input may have. */
  readonly inputBytes: number;
  /** The most bytes that all inputs of a task may have together which asks for no disk. */
  readonly inputsDefaultDiskBytes: number;
  /** The longest that publishing may take. */
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
  /** Fires when the assignment goes away. */
  readonly stopped: AbortSignal;
  /** Paths of this machine that are held open for it; closed with its folder. */
  readonly held: HeldPath[];
  /** True while a folder may exist for it. */
  hasFolder: boolean;
}

/** Which execution of which job an entry of the journal is about. */
export const journalled = ({ assignment: { executionId, jobId, namespace } }: Run) => ({
  executionId,
  job: { jobId, namespace },
});

/** Lets go of what is held for the run and removes its folder, if it has one. What cannot be removed is left to the next start's sweep. */
export async function clearFolder(run: Run): Promise<void> {
  if (!run.hasFolder) return;
  run.hasFolder = false;
  const { executionId } = run.assignment;
  try {
    await Promise.all(run.held.splice(0).map((held) => held.close()));
    await run.ports.workspace.clear(executionId);
  } catch (failure) {
    run.ports.notes.warn("a folder could not be removed", { executionId, why: causeOf(failure).why });
  }
}

/** Where a run's results lie: what the publisher takes. */
export const resultsFolderOf = ({ ports, assignment }: Run): string =>
  `${ports.workspace.folderOf(assignment.executionId)}/results`;
