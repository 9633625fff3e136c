import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import {
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPreparing,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsDisconnected,
  ExecutionsLost,
  ExecutionsReconnected,
  ExecutionsStopping,
} from "./events.ts";

const states = ["assigned", "running", "publishing", "stopping", "completed", "failed", "lost", "stopped"] as const;
const desired = ["assigned", "running", "publishing"] as const;
const live = [...desired, "stopping"] as const;

/** The states of one execution. It occupies its node and its slot until it has ended: while it is stopping, too. */
// biome-ignore format: a table
export const executionMachine = defineMachine(states, [
  // from                     event                to
  ["nothing",                 ExecutionAssigned,   "assigned"],
  [["assigned"],              ExecutionPreparing,  "same"],
  [["assigned"],              ExecutionStarted,    "running"],
  [["running"],               ExecutionPublishing, "publishing"],
  [["running", "publishing"], ExecutionCompleted,  "completed"],
  [desired,                    ExecutionFailed,     "failed"],
  [desired,                    ExecutionsStopping,  "stopping"],
  [live,                      ExecutionsLost,      "lost"],
  [["stopping"],              ExecutionStopped,    "stopped"],
  [desired,                    ExecutionsDisconnected, "same"],
  [desired,                    ExecutionsReconnected,  "same"],
]);

export type ExecutionState = (typeof states)[number];
export type ExecutionEvent = EventOf<(typeof executionMachine.rows)[number][1]>;
