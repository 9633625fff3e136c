import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import {
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionLost,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
} from "./events.ts";

const states = ["assigned", "running", "publishing", "completed", "failed", "lost", "stopped"] as const;
const live = ["assigned", "running", "publishing"] as const;

/** The life of one execution. */
// biome-ignore format: a table
export const executionMachine = defineMachine(states, [
  // from                     event                to
  ["nothing",                 ExecutionAssigned,   "assigned"],
  [["assigned"],              ExecutionStarted,    "running"],
  [["running"],               ExecutionPublishing, "publishing"],
  [["running", "publishing"], ExecutionCompleted,  "completed"],
  [live,                      ExecutionFailed,     "failed"],
  [live,                      ExecutionLost,       "lost"],
  [live,                      ExecutionStopped,    "stopped"],
]);

export type ExecutionState = (typeof states)[number];
export type ExecutionEvent = EventOf<(typeof executionMachine.rows)[number][1]>;
