import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import { JobCompleted, JobFailed, JobQueued, JobStarted, JobStopped, JobSubmitted, SlotsQueued } from "./events.ts";

const states = ["pending", "queued", "running", "completed", "failed", "stopped"] as const;
const open = ["pending", "queued", "running"] as const;

/**
 * The life of a job. A retry that finds no room puts a running job back into the queue only when nothing of it runs. An end is the
 * user's word, given at once: executions of a job that has ended may still be stopping.
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
