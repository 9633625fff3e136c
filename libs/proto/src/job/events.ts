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
    /** After this time the job fails when it has never had a place; absent when it does not want to wait for nodes that do not exist. */
    queueUntil: z.number().optional(),
    /** After this time the job fails whatever it does. */
    totalUntil: z.number().optional(),
  }),
);
/** It waits for a place; how every node that was asked answered. */
export const JobQueued = defineEvent("JobQueued", z.object({ why: z.string(), answers: z.array(Answer) }));
/** Some of its slots wait for a place while others have one; how every node that was asked answered. */
export const SlotsQueued = defineEvent(
  "SlotsQueued",
  z.object({ slots: SlotSet, why: z.string(), answers: z.array(Answer) }),
);
/** Something of it has a place. */
export const JobStarted = defineEvent("JobStarted", z.object({}));
/** All of it is done. */
export const JobCompleted = defineEvent("JobCompleted", z.object({}));
/** It will not be done, and why. */
export const JobFailed = defineEvent(
  "JobFailed",
  z.object({ code: z.string(), why: z.string(), answers: z.array(Answer).optional() }),
);
/** Somebody stopped it. */
export const JobStopped = defineEvent("JobStopped", z.object({ why: z.string() }));
