import type { NamedCommand } from "@shoal/core";
import type { Actor, AggregateRef } from "@shoal/proto";

/** What a step may refer to: the aggregate's current state. */
export interface SoFar {
  /** The aggregate's time, milliseconds since the epoch. */
  readonly now: number;
  /** The number of the step in its trace, from 1. */
  readonly number: number;
  /** The execution that was last assigned to each slot, in the order of the slots' first assignment. */
  readonly executions: readonly string[];
  /** The slots that need a node now. */
  readonly slots: readonly string[];
}

/** One command of a trace, and the time that passes before it. */
export interface TraceStep {
  readonly afterMs?: number;
  readonly actor: Actor;
  readonly command: (soFar: SoFar) => NamedCommand & Readonly<Record<string, unknown>>;
}

/** The history of one aggregate, as commands to its kind. */
export interface Trace {
  readonly aggregate: AggregateRef;
  readonly steps: readonly TraceStep[];
}
