import { z } from "zod";
import { defineEvent } from "../event.ts";
import { Answer } from "../execution/events.ts";
import { SlotSet, slotsMax } from "../slots.ts";
import { JobSpec } from "./spec.ts";

const version = z.int().min(1).describe("the version of the job, from 1");
const why = z.string().describe("the reason, for people");
const queueUntil = z
  .number()
  .optional()
  .describe("the job fails if no slot was placed by then; absent when it waits for no node that does not exist");
const totalUntil = z.number().optional().describe("the job fails then, in any state; absent without such a limit");
const answers = z.array(Answer).describe("the answer of every node that was asked");

export const JobSubmitted = defineEvent(
  "JobSubmitted",
  z
    .object({
      jobId: z.string().describe("the id of the job"),
      spec: JobSpec.describe("what the job runs, with its defaults"),
      version,
      queueUntil,
      totalUntil,
    })
    .describe("A client submitted the job."),
);
export const JobUpdated = defineEvent(
  "JobUpdated",
  z
    .object({
      spec: JobSpec.describe("what the new version runs"),
      version: z.int().min(2).describe("the new version"),
      of: z.int().min(1).optional().describe("the version whose spec it repeats: for a rerun and a rollback"),
      failed: z.int().min(1).optional().describe("the version that failed: for a rollback"),
      why,
      queueUntil,
      totalUntil,
    })
    .describe(
      "A later version is the current one: by an update, a rerun or a rollback. A job that had ended is open again.",
    ),
);
export const JobTargeted = defineEvent(
  "JobTargeted",
  z
    .object({
      nodes: z
        .array(z.string().min(1))
        .max(slotsMax, `expected at most ${slotsMax} nodes`)
        .describe("the ids of the nodes: the slots of the job"),
      why: z.string().optional().describe("what left out nodes that were chosen before"),
    })
    .describe("The nodes on which the current version runs once are fixed."),
);
export const JobRolledOut = defineEvent(
  "JobRolledOut",
  z
    .object({ version: z.int().min(2).describe("the version that is rolled out") })
    .describe("Every slot has run the current version for as long as its update strategy demands."),
);
export const JobRolloutHalted = defineEvent(
  "JobRolloutHalted",
  z
    .object({
      version: z.int().min(2).describe("the version that failed"),
      code: z.string().describe("the code of its failure, from the error table"),
      why,
    })
    .describe("The current version failed: executions of the version before it are not replaced any more."),
);
export const JobQueued = defineEvent("JobQueued", z.object({ why, answers }).describe("The job waits for a node."));
export const SlotsQueued = defineEvent(
  "SlotsQueued",
  z
    .object({ slots: SlotSet.describe("the slots that wait"), why, answers })
    .describe("Some slots wait for a node while others have one."),
);
export const JobStarted = defineEvent("JobStarted", z.object({}).describe("At least one slot has a node."));
export const JobCompleted = defineEvent("JobCompleted", z.object({}).describe("Every slot is done."));
export const JobFailed = defineEvent(
  "JobFailed",
  z
    .object({
      code: z.string().describe("the code of the failure, from the error table"),
      why,
      answers: answers.optional(),
    })
    .describe("The job failed."),
);
export const JobStopped = defineEvent("JobStopped", z.object({ why }).describe("A client stopped the job."));
