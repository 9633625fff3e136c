import type { Report } from "@shoal/proto";
import type { Executor, Running, Workload } from "../executors/executor.ts";
import type { Ended } from "../journal/journal.ts";
import type { Capture } from "./capture.ts";
import type { Deadline } from "./deadline.ts";

/** The state of an execution on this node, with its data. */
export interface SeenMap {
  /** Nothing has been done that counts. */
  idle: object;
  /** Inputs and folders are ready; nothing has been started. */
  prepared: {
    readonly executor: Executor;
    readonly workload: Workload;
    readonly capture: Capture;
    readonly limit: Deadline;
  };
  /** The workload runs, or has just ended without its exit being read. */
  running: { readonly running: Running; readonly startedAt: number; readonly capture: Capture };
  /** The workload has ended by itself; its results are not published. */
  exited: { readonly ended: Ended };
  /** Everything is done except sending the report. */
  published: { readonly report: Report };
  /** The report was or will be sent; only forgetting is left. */
  settled: { readonly report: Report };
  /** Forgotten. */
  gone: object;
}

export type RunStateName = keyof SeenMap;
export type RunStateOf<S extends RunStateName> = { [K in S]: { readonly state: K } & SeenMap[K] }[S];
export type RunState = RunStateOf<RunStateName>;

/** `run`, `stop` once the assignment asks for it, and `forget` once it is removed; never backwards. */
export type DesiredState = "run" | "stop" | "forget";
