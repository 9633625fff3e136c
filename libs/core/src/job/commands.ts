import type { Answer, JobSpec, Report, Resources } from "@shoal/proto";

/** What may be commanded of a job. */
export interface JobCommands {
  Submit: { readonly jobId: string; readonly spec: JobSpec };
  /** The result of a bidding round: places found, and how every node answered. */
  Place: { readonly places: readonly SlotPlacement[]; readonly answers: readonly Answer[] };
  /** The bidding round found nothing for these slots. `never`: no known node could ever run them. */
  Wait: {
    readonly slots: readonly string[];
    readonly why: string;
    readonly answers: readonly Answer[];
    readonly never: boolean;
  };
  /** A node reported on one execution. */
  Report: { readonly nodeId: string; readonly executionId: string; readonly report: Report };
  /** A node is gone: whatever it held is lost. */
  LoseNode: { readonly nodeId: string; readonly why: string };
  /** Time has passed: do what the deadlines demand. */
  Tick: Record<never, never>;
  Stop: { readonly why: string };
}

/** A place for one slot: on which node, by which ask, with how much room. */
export interface SlotPlacement {
  readonly slot: string;
  readonly nodeId: string;
  readonly askId: string;
  readonly resources: Resources;
}

/** One command with its name. */
export type JobCommand = { [C in keyof JobCommands]: { readonly name: C } & JobCommands[C] }[keyof JobCommands];
