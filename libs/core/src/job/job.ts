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
  readonly spec: JobSpec;
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

/** The part of an execution that never changes: who was to do what. */
export interface Placement {
  readonly executionId: string;
  readonly partition: number;
  readonly attempt: number;
  readonly version: number;
  readonly nodeId: string;
  readonly askId: string;
  readonly resources: Resources;
  readonly previous: string | undefined;
  readonly createdAt: number;
  readonly seq: number;
}

/** One try. A new object whenever something of it changes, and only then. */
export interface Execution {
  readonly placement: Placement;
  readonly state: ExecutionState;
  readonly code: string;
  readonly message: string;
  readonly startedAt: number | undefined;
  readonly timeoutAt: number | undefined;
  /** When its partition is tried again. */
  readonly retryAt: number | undefined;
  readonly output: RunOutput | undefined;
  readonly result: SpecConfig | undefined;
  /** The try that came after this one. */
  readonly next: string | undefined;
  readonly revision: number;
  readonly modifiedAt: number;
  readonly seq: number;
}

/** A job with its executions: one aggregate. */
export interface Job {
  readonly header: JobHeader;
  /** By id, in the order in which they were assigned. */
  readonly executions: ReadonlyMap<string, Execution>;
  /** The latest try of each partition that has one. */
  readonly latest: ReadonlyMap<number, string>;
}

/** Nothing leaves this state. */
export const isOver = (job: Job): boolean => jobMachine.terminal.includes(job.header.state);

/** It occupies its node. */
export const isLive = (execution: Execution): boolean => !executionMachine.terminal.includes(execution.state);

/** The executions that occupy a node now. */
export function liveExecutions(job: Job): readonly Execution[] {
  return [...job.executions.values()].filter(isLive);
}

/** The latest try of a partition. */
export function latestOf(job: Job, partition: number): Execution | undefined {
  const id = job.latest.get(partition);
  return id === undefined ? undefined : job.executions.get(id);
}
