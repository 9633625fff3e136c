import { z } from "zod";
import { defineEvent } from "../event.ts";
import { Answer } from "../execution/events.ts";
import { SlotSet } from "../slots.ts";
import { JobSpec } from "./spec.ts";

/** Absolute times are milliseconds since the epoch, fixed when the job is submitted. */
export const JobSubmitted = defineEvent(
  "JobSubmitted",
  z.object({
    jobId: z.string(),
    spec: JobSpec,
    version: z.int().min(1),
    /** After this time the job fails if no slot was ever placed; absent when the job does not wait for nodes that do not exist. */
    queueUntil: z.number().optional(),
    /** After this time the job fails in any state. */
    totalUntil: z.number().optional(),
  }),
);
/** The job waits for a node; `answers` has the answer of every node that was asked. */
export const JobQueued = defineEvent("JobQueued", z.object({ why: z.string(), answers: z.array(Answer) }));
/** Some slots wait for a node while others have one; `answers` has the answer of every node that was asked. */
export const SlotsQueued = defineEvent(
  "SlotsQueued",
  z.object({ slots: SlotSet, why: z.string(), answers: z.array(Answer) }),
);
/** At least one slot has a node. */
export const JobStarted = defineEvent("JobStarted", z.object({}));
/** Every slot is done. */
export const JobCompleted = defineEvent("JobCompleted", z.object({}));
/** The job fails; `why` is the reason. */
export const JobFailed = defineEvent(
  "JobFailed",
  z.object({ code: z.string(), why: z.string(), answers: z.array(Answer).optional() }),
);
/** A client stopped the job. */
export const JobStopped = defineEvent("JobStopped", z.object({ why: z.string() }));
