import type { Answer, JobSpec, Report, Resources } from "@shoal/proto";

/** What somebody wants of a job. */
export interface JobCommands {
  Submit: { readonly jobId: string; readonly spec: JobSpec };
  /** The auction's result: places found, and how everybody answered. */
  Place: { readonly places: readonly Place[]; readonly answers: readonly Answer[] };
  /** The auction found nothing for what still needs a place. `never`: no known node could ever run it. */
  Wait: { readonly why: string; readonly answers: readonly Answer[]; readonly never: boolean };
  /** A node said something about one execution. */
  Report: { readonly nodeId: string; readonly executionId: string; readonly report: Report };
  /** A node is gone: whatever it held is lost. */
  LoseNode: { readonly nodeId: string; readonly why: string };
  /** Time has passed: do what the deadlines demand. */
  Tick: Record<never, never>;
  Stop: { readonly why: string };
}

/** One partition's place: on which node, by which ask, with how much room. */
export interface Place {
  readonly partition: number;
  readonly nodeId: string;
  readonly askId: string;
  readonly resources: Resources;
}

/** One command with its name. */
export type JobCommand = { [C in keyof JobCommands]: { readonly name: C } & JobCommands[C] }[keyof JobCommands];
