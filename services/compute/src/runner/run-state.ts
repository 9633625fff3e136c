import type { Report } from "@shoal/proto";
import type { Executor, Running, Work } from "../executors/executor.ts";
import type { Ended } from "../journal/journal.ts";
import type { Capture } from "./capture.ts";
import type { Deadline } from "./deadline.ts";

/** What is seen of an execution on this node: the state, and what it comes with. */
export interface SeenMap {
  /** Nothing has been done that counts. */
  idle: object;
  /** Inputs are in, folders are made; nothing has been started. */
  prepared: { readonly executor: Executor; readonly work: Work; readonly capture: Capture; readonly limit: Deadline };
  /** The work runs, or has just ended and nobody has looked. */
  running: { readonly running: Running; readonly startedAt: number; readonly capture: Capture };
  /** The work has ended by itself; its results are not out. */
  exited: { readonly ended: Ended };
  /** Everything is done but the telling. */
  published: { readonly report: Report };
  /** The requester was or will be told; nothing is left but to be forgotten. */
  settled: { readonly report: Report };
  /** Forgotten. */
  gone: object;
}

export type RunStateName = keyof SeenMap;
export type RunStateOf<S extends RunStateName> = { [K in S]: { readonly state: K } & SeenMap[K] }[S];
export type RunState = RunStateOf<RunStateName>;

/** `run`, `stop` once the assignment asks for it, and `forget` once it has gone; never back. */
export type DesiredState = "run" | "stop" | "forget";
