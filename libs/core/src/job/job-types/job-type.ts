import type { ExecutionState } from "@shoal/proto";
import type { Slot, World } from "../../kind.ts";
import type { Registry } from "../../registry.ts";
import type { Execution, Job } from "../job.ts";

/** The longest that each state of an execution may last unless its task limits it further, milliseconds. */
export interface JobTypeDefaults {
  /** Inputs and images, on the node. */
  readonly prepareTimeoutMs: number;
  /** From the assignment to the first report that it runs, by the owner's clock; longer than `prepareTimeoutMs`. */
  readonly startWithinMs: number;
  /** Taking the results out. */
  readonly publishTimeoutMs: number;
  /** From the order to stop to the node's word that it has stopped. */
  readonly stopWithinMs: number;
}

/** How jobs of one type are placed, placed again and ended. Pure: time comes as an argument, milliseconds since the epoch. */
export interface JobType {
  /** The type as a spec names it. */
  readonly name: string;
  /** The lowest feature level of a cluster that may have jobs of this type; 1 when left out. */
  readonly since?: number;
  readonly defaults: JobTypeDefaults;
  /** Every slot that the job has now, filled or not, in the order in which they are placed. */
  slots(job: Job, world: World): readonly Slot[];
  /** The slot of this name; undefined when the job has none. What `slots` lists, a node that is gone left aside. */
  slotOf(job: Job, slot: string): Slot | undefined;
  /**
   * When the slot of an execution that just ended is placed again, whatever the end; undefined when never. An execution that the node
   * lost by its restart ends as failed with the code NODE_RESTARTED.
   */
  placeAgainAt(job: Job, ended: EndedExecution): number | undefined;
  /** What the executions together mean for the job; undefined when it goes on. */
  verdict(job: Job): JobVerdict | undefined;
}

/** An end that is being decided: `job` does not have it yet. */
export interface EndedExecution {
  readonly execution: Execution;
  /** The state in which it ends. */
  readonly state: Extract<ExecutionState, "completed" | "failed" | "lost" | "stopped">;
  /** A code of the error table, or one of the node's; empty when it completed or was stopped. */
  readonly code: string;
  /** The same task would fail in the same way anywhere. */
  readonly final: boolean;
  readonly now: number;
}

/** The outcome of a job. */
export type JobVerdict =
  | { readonly completed: true }
  | { readonly completed: false; readonly code: string; readonly why: string };

/** Job types by name. */
export type JobTypes = Registry<JobType>;
