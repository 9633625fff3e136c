import type { Execution, Job } from "../job.ts";

/** How jobs of one type are placed, tried again and ended. Pure: time comes as an argument. */
export interface JobType {
  /** The type as a spec names it. */
  readonly name: string;
  /** How many pieces the job has. */
  partitions(job: Job): number;
  /** When the partition of an execution that just ended badly is tried again; undefined when never. Milliseconds since the epoch. */
  retryAt(job: Job, ended: Ended): number | undefined;
  /** What the executions together mean for the job; undefined when it goes on. */
  verdict(job: Job): Verdict | undefined;
}

export interface Ended {
  readonly execution: Execution;
  /** The same task would fail in the same way anywhere. */
  readonly final: boolean;
  /** The node's fault and not the task's: the try does not count against the task. */
  readonly blameless: boolean;
  readonly now: number;
}

export type Verdict =
  | { readonly completed: true }
  | { readonly completed: false; readonly code: string; readonly why: string };
