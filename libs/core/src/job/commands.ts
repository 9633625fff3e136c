import type { Answer, JobSpec, Report, Resources } from "@shoal/proto";

/** The commands of a job. */
export interface JobCommands {
  Submit: { readonly jobId: string; readonly spec: JobSpec };
  /** A new version of the spec. Without `force` an unchanged spec is refused. */
  Update: { readonly spec: JobSpec; readonly force: boolean };
  /** Runs the spec of a version as a new version; 0 is the current one. */
  Rerun: { readonly version: number; readonly why: string };
  /** The nodes that fit a job that runs once on each of them, and the number of those that were looked at. */
  Target: { readonly nodes: readonly string[]; readonly seen: number };
  /** The result of a bidding round: placements, and the answer of every node. */
  Place: { readonly places: readonly SlotPlacement[]; readonly answers: readonly Answer[] };
  /** The bidding round found no node for these slots. `never`: no known node can ever run them. */
  Wait: {
    readonly slots: readonly string[];
    readonly why: string;
    readonly answers: readonly Answer[];
    readonly never: boolean;
  };
  /** A node reported on one execution. */
  Report: { readonly nodeId: string; readonly executionId: string; readonly report: Report };
  /** A node is gone: its executions are lost, at once or when their patience ends. `isFinal`: it does not return with them. */
  LoseNode: { readonly nodeId: string; readonly why: string; readonly isFinal?: boolean };
  /** A node is back before its executions were lost: they continue. */
  ResumeNode: { readonly nodeId: string };
  /** A node drains: its executions stop, and are placed again. */
  LeaveNode: { readonly nodeId: string; readonly why: string };
  /** A job of higher priority needs the room of these executions: they stop, and their slots are placed again. */
  Preempt: { readonly executionIds: readonly string[]; readonly by: Preemptor };
  /** Time has passed: apply the deadlines. */
  Tick: Record<never, never>;
  Stop: { readonly why: string };
}

/** The placement of one slot: on which node, by which ask, with which resources. */
export interface SlotPlacement {
  readonly slot: string;
  readonly nodeId: string;
  readonly askId: string;
  readonly resources: Resources;
}

/** The job that needs the room of executions of other jobs. */
export interface Preemptor {
  readonly jobId: string;
  readonly priority: number;
}

/** One command with its name. */
export type JobCommand = { [C in keyof JobCommands]: { readonly name: C } & JobCommands[C] }[keyof JobCommands];
