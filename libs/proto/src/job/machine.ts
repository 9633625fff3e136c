import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import { JobCompleted, JobFailed, JobQueued, JobStarted, JobStopped, JobSubmitted, SlotsQueued } from "./events.ts";

const states = ["pending", "queued", "running", "completed", "failed", "stopped"] as const;
const open = ["pending", "queued", "running"] as const;

/**
 * The states of a job. A retry that finds no capacity requeues a running job only when no execution of it runs. An end is
 * recorded at once: executions of an ended job may still be stopping.
 */
// biome-ignore format: a table
export const jobMachine = defineMachine(states, [
  // from                              event          to
  ["nothing",                          JobSubmitted,  "pending"],
  [["pending", "queued", "running"],   JobQueued,     "queued"],
  [["running"],                        SlotsQueued,   "running"],
  [["pending", "queued"],              JobStarted,    "running"],
  [["pending", "running"],             JobCompleted,  "completed"],
  [open,                               JobFailed,     "failed"],
  [open,                               JobStopped,    "stopped"],
]);

export type JobState = (typeof states)[number];
export type JobLevelEvent = EventOf<(typeof jobMachine.rows)[number][1]>;
