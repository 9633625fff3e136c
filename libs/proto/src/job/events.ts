import { z } from "zod";
import { defineEvent } from "../event.ts";
import { Answer } from "../execution/events.ts";
import { SlotSet, slotsMax } from "../slots.ts";
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
/**
 * A later version of the job is the current one: by an update of its spec, by a rerun of the spec of version `of`, or
 * because version `failed` was rolled back to version `of`. A job that had ended is open again.
 */
export const JobUpdated = defineEvent(
  "JobUpdated",
  z.object({
    spec: JobSpec,
    version: z.int().min(2),
    of: z.int().min(1).optional(),
    failed: z.int().min(1).optional(),
    why: z.string(),
    /** As in JobSubmitted. */
    queueUntil: z.number().optional(),
    totalUntil: z.number().optional(),
  }),
);
/** The nodes on which the current version runs once: the slots of the job. `why` names what left some out that were chosen before. */
export const JobTargeted = defineEvent(
  "JobTargeted",
  z.object({
    nodes: z.array(z.string().min(1)).max(slotsMax, `expected at most ${slotsMax} nodes`),
    why: z.string().optional(),
  }),
);
/** Every slot has run the current version for as long as its update strategy demands. */
export const JobRolledOut = defineEvent("JobRolledOut", z.object({ version: z.int().min(2) }));
/** The current version failed: executions of the version before it are not replaced any more. */
export const JobRolloutHalted = defineEvent(
  "JobRolloutHalted",
  z.object({ version: z.int().min(2), code: z.string(), why: z.string() }),
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
