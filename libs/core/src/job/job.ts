import {
  type ExecutionState,
  executionMachine,
  type JobSpec,
  type JobState,
  jobMachine,
  type Resources,
  type RunOutput,
  type SpecConfig,
} from "@shoal/proto";

/** What is true of the job itself. A new object whenever something of it changes, and only then. */
export interface JobHeader {
  readonly id: string;
  /** Of the current version. */
  readonly spec: JobSpec;
  /** The current one: slots are placed for it. */
  readonly version: number;
  readonly state: JobState;
  /** Why it is in this state, for people; empty when there is nothing to say. */
  readonly message: string;
  readonly code: string;
  readonly queueUntil: number | undefined;
  readonly totalUntil: number | undefined;
  /** Grows with every change of the header. */
  readonly revision: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** The log position of the last change of the header. */
  readonly seq: number;
}

/** One version of a job. */
export interface JobVersion {
  readonly version: number;
  readonly spec: JobSpec;
  /** When it became the current one, milliseconds since the epoch. */
  readonly at: number;
}

/** The part of an execution that never changes: which node was to do what. */
export interface Placement {
  readonly executionId: string;
  readonly slot: string;
  /** The slot is the id of the one node that may fill it. */
  readonly isPinned: boolean;
  /** The partition's number; 0 for a pinned slot. */
  readonly partition: number;
  readonly attempt: number;
  /** The version of the job that it was made for: its spec is what the node runs. */
  readonly version: number;
  readonly nodeId: string;
  readonly askId: string;
  readonly resources: Resources;
  readonly previous: string | undefined;
  /** Counts the executions of the job from 1, in the order in which they were assigned. */
  readonly ordinal: number;
  readonly createdAt: number;
  readonly seq: number;
}

/** One attempt. A new object whenever something of it changes, and only then. */
export interface Execution {
  readonly placement: Placement;
  readonly state: ExecutionState;
  readonly code: string;
  readonly message: string;
  readonly startedAt: number | undefined;
  /** When its present state has lasted too long; undefined when it may last. Milliseconds since the epoch. */
  readonly deadlineAt: number | undefined;
  /** When its slot is placed again. */
  readonly retryAt: number | undefined;
  readonly output: RunOutput | undefined;
  readonly result: SpecConfig | undefined;
  /** The attempt that came after this one. */
  readonly next: string | undefined;
  /** The number of the last report that is recorded; 0 for none. */
  readonly report: number;
  readonly revision: number;
  readonly modifiedAt: number;
  readonly seq: number;
}

/** What is known of a slot that has had a place. A new object whenever something of it changes. */
export interface SlotState {
  /** The latest execution: it is live, or it ended last. */
  readonly latest: string;
  readonly isLive: boolean;
  readonly attempts: number;
  /** Ends that count against the task. */
  readonly failures: number;
  /** When it is placed again; undefined while something of it is live, and when it never is. */
  readonly retryAt: number | undefined;
}

/** The last entry of the log about why slots wait. */
export interface WaitNote {
  /** Empty once something was placed: the same reason is news again. */
  readonly why: string;
  readonly at: number;
}

/** A job with its executions: one aggregate. */
export interface Job {
  readonly header: JobHeader;
  readonly versions: ReadonlyMap<number, JobVersion>;
  /** Executions that occupy a node, stopping ones included: by id, in the order in which they were assigned. */
  readonly live: ReadonlyMap<string, Execution>;
  /** The last execution of each slot of which nothing is live, by id. */
  readonly ended: ReadonlyMap<string, Execution>;
  /** Ended executions that were followed by another one, by id, oldest first; `jobLimits.supersededKept` at most. */
  readonly superseded: ReadonlyMap<string, Execution>;
  /** Superseded executions that are not kept, counted by the state in which they ended. */
  readonly evicted: ReadonlyMap<ExecutionState, number>;
  /** Every slot that has had a place. */
  readonly slots: ReadonlyMap<string, SlotState>;
  /** Executions that failed or were lost, by node; `jobLimits.failingNodesKept` at most. */
  readonly failuresOn: ReadonlyMap<string, number>;
  readonly waitNote: WaitNote | undefined;
  /** Executions assigned so far. */
  readonly assignedCount: number;
  /** The log position of the last commit. */
  readonly seq: number;
}

const ends: ReadonlySet<JobState> = new Set(jobMachine.terminal);
const executionEnds: ReadonlySet<ExecutionState> = new Set(executionMachine.terminal);

/** The outcome is decided. Executions of it may still be stopping. */
export const isOver = (job: Job): boolean => ends.has(job.header.state);

/** It is over and nothing of it occupies a node. */
export const isSettledJob = (job: Job): boolean => isOver(job) && job.live.size === 0;

/** It occupies its node and its slot. */
export const isLive = (execution: Execution): boolean => !executionEnds.has(execution.state);

/** The executions that occupy a node now, in the order in which they were assigned. */
export function liveExecutions(job: Job): readonly Execution[] {
  return [...job.live.values()];
}

/** An execution by its id; undefined when the job has none, or it is not kept any more. */
export function executionOf(job: Job, executionId: string): Execution | undefined {
  return job.live.get(executionId) ?? job.ended.get(executionId) ?? job.superseded.get(executionId);
}

/** Every execution that is kept, in the order in which they were assigned. */
export function executionsOf(job: Job): readonly Execution[] {
  return [...job.superseded.values(), ...job.ended.values(), ...job.live.values()].sort(
    (a, b) => a.placement.ordinal - b.placement.ordinal,
  );
}

/** The latest execution of a slot. */
export function latestOf(job: Job, slot: string): Execution | undefined {
  const state = job.slots.get(slot);
  return state === undefined ? undefined : (job.live.get(state.latest) ?? job.ended.get(state.latest));
}

/** The spec that an execution runs: of the version for which it was made. */
export function specOf(job: Job, { version }: Placement): JobSpec {
  return job.versions.get(version)?.spec ?? job.header.spec;
}

/** How many executions the job has had in each state; states without any are left out. */
export function countsOf(job: Job): Partial<Record<ExecutionState, number>> {
  const counts = new Map(job.evicted);
  for (const executions of [job.live, job.ended, job.superseded]) {
    for (const { state } of executions.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  // In the table's order, so that the same counts have the same bytes.
  return Object.fromEntries(
    executionMachine.states.flatMap((state) => (counts.has(state) ? [[state, counts.get(state)]] : [])),
  );
}
