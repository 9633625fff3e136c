import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import {
  JobCompleted,
  JobFailed,
  JobQueued,
  JobRolledOut,
  JobRolloutHalted,
  JobStarted,
  JobStopped,
  JobSubmitted,
  JobTargeted,
  JobUpdated,
  SlotsQueued,
} from "./events.ts";

const states = ["pending", "queued", "running", "completed", "failed", "stopped"] as const;
const open = ["pending", "queued", "running"] as const;

/**
 * The states of a job. An update or a rerun opens it again in any state. A retry that finds no capacity requeues a running job only when no execution of it runs. An end is
 * recorded at once: executions of an ended job may still be stopping.
 */
// biome-ignore format: a table
export const jobMachine = defineMachine(states, [
  // from                              event             to
  ["nothing",                          JobSubmitted,     "pending"],
  [states,                             JobUpdated,       "pending"],
  [open,                               JobTargeted,      "same"],
  [open,                               JobQueued,        "queued"],
  [["running"],                        SlotsQueued,      "same"],
  [["pending", "queued"],              JobStarted,       "running"],
  [open,                               JobRolledOut,     "same"],
  [open,                               JobRolloutHalted, "same"],
  [open,                               JobCompleted,     "completed"],
  [open,                               JobFailed,        "failed"],
  [open,                               JobStopped,       "stopped"],
], { reopenedBy: [JobUpdated] });

export type JobState = (typeof states)[number];
export type JobLevelEvent = EventOf<(typeof jobMachine.rows)[number][1]>;
