import {
  type ExecutionRuntime,
  type ExecutionState,
  executionMachine,
  type JobSpec,
  type JobState,
  jobMachine,
  type Resources,
  type RunOutput,
  type SpecConfig,
} from "@shoal/proto";
import { summariesOf } from "../chunked-map.ts";

/** The state of the job itself. A new object exactly when one of its fields changes. */
export interface JobHeader {
  readonly id: string;
  /** Of the current version. */
  readonly spec: JobSpec;
  /** The current one: slots are placed for it. */
  readonly version: number;
  readonly state: JobState;
  /** Why it is in this state; may be empty. */
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

/** The replacement of executions of earlier versions, of a job that runs until it is stopped. */
export interface Rollout {
  /** The version before: it is restored when the current one fails. */
  readonly from: number;
  /** The version that this one restores: executions of it stay, and this one is never rolled back. Undefined after an update or a rerun. */
  readonly restored: number | undefined;
  readonly isHalted: boolean;
}

/** The immutable part of an execution: its node and its work. */
export interface Placement {
  readonly executionId: string;
  readonly slot: string;
  /** The slot is the id of the one node that may fill it. */
  readonly isPinned: boolean;
  /** The partition's number; 0 for a pinned slot. */
  readonly partition: number;
  readonly attempt: number;
  /** The version of the job that it was created for: the node runs its spec. */
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

/** One attempt. A new object exactly when one of its fields changes. */
export interface Execution {
  readonly placement: Placement;
  readonly state: ExecutionState;
  readonly code: string;
  readonly message: string;
  readonly startedAt: number | undefined;
  /** What it got on its node; undefined until it runs. */
  readonly runtime: ExecutionRuntime | undefined;
  /** When its present state times out; undefined when it has no limit. Milliseconds since the epoch. */
  readonly deadlineAt: number | undefined;
  /** When it is lost unless its disconnected node returns; undefined while the node is connected. */
  readonly lostAt: number | undefined;
  /** When its slot is placed again. */
  readonly retryAt: number | undefined;
  readonly output: RunOutput | undefined;
  readonly result: SpecConfig | undefined;
  /** The next attempt. */
  readonly next: string | undefined;
  /** The number of the last report that is recorded; 0 for none. */
  readonly report: number;
  readonly revision: number;
  readonly modifiedAt: number;
  readonly seq: number;
}

/** A slot that was placed at least once. A new object whenever one of its fields changes. */
export interface SlotState {
  /** The latest execution: it is live, or it ended last. */
  readonly latest: string;
  readonly isLive: boolean;
  readonly attempts: number;
  /** Ends that count against the task, of the version that was placed last. */
  readonly failures: number;
  /** Ends of the version that was placed last that no order of the log caused. */
  readonly ends: number;
  /** Ends in a row of runs shorter than `jobLimits.stableRunMs`, of the version that was placed last. */
  readonly shortRuns: number;
  /** When it is placed again; undefined while an execution of it is live, and when it never is. */
  readonly retryAt: number | undefined;
}

/** The last log entry about why slots wait. */
export interface WaitNote {
  /** Empty after a placement: the same reason is recorded again then. */
  readonly why: string;
  readonly at: number;
}

/** A job with its executions: one aggregate. */
export interface Job {
  readonly header: JobHeader;
  /** At most `jobLimits.versionsStored`, oldest first; the current one is the last. */
  readonly versions: ReadonlyMap<number, JobVersion>;
  /** Undefined when every slot runs the current version, or the job type replaces all executions at once. */
  readonly rollout: Rollout | undefined;
  /** The nodes on which the current version runs once; undefined before they are chosen. */
  readonly targets: readonly string[] | undefined;
  /** Executions that occupy a node, stopping ones included: by id, in the order in which they were assigned. */
  readonly live: ReadonlyMap<string, Execution>;
  /** The last execution of each slot without a live one, by id. */
  readonly ended: ReadonlyMap<string, Execution>;
  /** Ended executions that were followed by another one, by id, oldest first; at most `jobLimits.supersededStored`. */
  readonly superseded: ReadonlyMap<string, Execution>;
  /** Superseded executions that were evicted, counted by the state in which they ended. */
  readonly evicted: ReadonlyMap<ExecutionState, number>;
  /** Every slot that was placed at least once. */
  readonly slots: ReadonlyMap<string, SlotState>;
  /** Executions of the current version that failed or were lost, by node; at most `jobLimits.failingNodesMax`. */
  readonly failuresOn: ReadonlyMap<string, number>;
  readonly waitNote: WaitNote | undefined;
  /** Executions assigned so far. */
  readonly assignedCount: number;
  /** The log position of the last commit. */
  readonly seq: number;
}

const ends: ReadonlySet<JobState> = new Set(jobMachine.terminal);
const executionEnds: ReadonlySet<ExecutionState> = new Set(executionMachine.terminal);

/** The outcome is decided. Executions may still be stopping. */
export const isOver = (job: Job): boolean => ends.has(job.header.state);

/** The job has ended and none of its executions occupies a node. */
export const isSettledJob = (job: Job): boolean => isOver(job) && job.live.size === 0;

/** The execution occupies its node and its slot. */
export const isLive = (execution: Execution): boolean => !executionEnds.has(execution.state);

/** The executions that occupy a node now, in the order in which they were assigned. */
export function liveExecutions(job: Job): readonly Execution[] {
  return [...job.live.values()].sort((a, b) => a.placement.ordinal - b.placement.ordinal);
}

/** The nodes of the live executions. */
export function liveNodes(job: Job): ReadonlySet<string> {
  const nodes = new Set<string>();
  for (const found of summariesOf(job.live, nodesIn)) for (const nodeId of found) nodes.add(nodeId);
  return nodes;
}

function nodesIn(executions: ReadonlyMap<string, Execution>): ReadonlySet<string> {
  const nodes = new Set<string>();
  for (const { placement } of executions.values()) nodes.add(placement.nodeId);
  return nodes;
}

/** An execution by its id; undefined when the job has none, or it was evicted. */
export function executionOf(job: Job, executionId: string): Execution | undefined {
  return job.live.get(executionId) ?? job.ended.get(executionId) ?? job.superseded.get(executionId);
}

/** Every stored execution, in the order in which they were assigned. */
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

/** The spec that an execution runs: of the version for which it was created. */
export function specOf(job: Job, { version }: Placement): JobSpec {
  return job.versions.get(version)?.spec ?? job.header.spec;
}

/** The slot was placed for the current version. */
export function isPlaced(job: Job, slot: string): boolean {
  return latestOf(job, slot)?.placement.version === job.header.version;
}

/** Some slot was placed for the current version. */
export function hasPlaced(job: Job): boolean {
  for (const slot of job.slots.keys()) if (isPlaced(job, slot)) return true;
  return false;
}

function statesIn(executions: ReadonlyMap<string, Execution>): ReadonlyMap<ExecutionState, number> {
  const counts = new Map<ExecutionState, number>();
  for (const { state } of executions.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** The number of executions in each state; states without any are left out. */
export function countsOf(job: Job): Partial<Record<ExecutionState, number>> {
  const counts = new Map(job.evicted);
  for (const executions of [job.live, job.ended, job.superseded])
    for (const found of summariesOf(executions, statesIn))
      for (const [state, count] of found) counts.set(state, (counts.get(state) ?? 0) + count);
  // In the table's order: equal counts have equal bytes.
  return Object.fromEntries(
    executionMachine.states.flatMap((state) => (counts.has(state) ? [[state, counts.get(state)]] : [])),
  );
}
