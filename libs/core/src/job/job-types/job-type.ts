import type { ExecutionState } from "@shoal/proto";
import type { Slot, World } from "../../kind.ts";
import type { Registry } from "../../registry.ts";
import type { Execution, Job } from "../job.ts";

/** The longest that each state of an execution may last unless its task limits it further, milliseconds. */
export interface JobTypeDefaults {
  /** Inputs and images, on the node. */
  readonly prepareTimeoutMs: number;
  /** From the assignment to the report that it runs, by the owner's clock; longer than `prepareTimeoutMs`. */
  readonly startWithinMs: number;
  /** Publishing the results. */
  readonly publishTimeoutMs: number;
  /** From the order to stop to the node's confirmation. */
  readonly stopWithinMs: number;
}

/** How jobs of one type are placed, retried and ended. Pure: time is an argument, milliseconds since the epoch. */
export interface JobType {
  /** The type as a spec names it. */
  readonly name: string;
  /** The lowest feature level of a cluster that may have jobs of this type; 1 when left out. */
  readonly since?: number;
  readonly defaults: JobTypeDefaults;
  /**
   * The current version runs once on each node that fits when it is submitted: the job records these nodes, and they are its slots.
   * No job type does when left out.
   */
  readonly isTargeted?: boolean;
  /** Its slots change as nodes join and leave. No job type's do when left out. */
  readonly followsNodes?: boolean;
  /** The job is running although it has no execution; never when left out. */
  runsEmpty?(job: Job): boolean;
  /** Every slot of the job, filled or not, in the order of placement. */
  slots(job: Job, world: World): readonly Slot[];
  /** The slot of this name; undefined when the job has none. A slot that `slots` lists, even if its node is gone. */
  slotOf(job: Job, slot: string): Slot | undefined;
  /**
   * When the slot of an execution that just ended is placed again, for any end; undefined when never. An execution that the node
   * lost by a restart ends as failed with the code NODE_RESTARTED.
   */
  placeAgainAt(job: Job, ended: EndedExecution): number | undefined;
  /** The verdict of the executions on the job; undefined while the job continues. */
  verdict(job: Job): JobVerdict | undefined;
}

/** An end in the process of being decided: `job` does not have it yet. */
export interface EndedExecution {
  readonly execution: Execution;
  /** The state in which it ends. */
  readonly state: Extract<ExecutionState, "completed" | "failed" | "lost" | "stopped">;
  /** A code of the error table, or one of the node's; empty when it completed or was stopped. */
  readonly code: string;
  /** The same task would fail in the same way on every node. */
  readonly final: boolean;
  readonly now: number;
}

/** The outcome of a job. */
export type JobVerdict =
  | { readonly completed: true }
  | { readonly completed: false; readonly code: string; readonly why: string };

/** Job types by name. */
export type JobTypes = Registry<JobType>;
