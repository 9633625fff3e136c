import { z } from "zod";
import { defineEvent } from "../event.ts";
import { SpecConfig } from "../job/spec.ts";
import { AllocatedResources } from "../resources.ts";

/** What one node answered when it was asked; kept so that "why here" and "why not there" have an answer. */
export const Answer = z.object({
  nodeId: z.string(),
  accepted: z.boolean(),
  score: z.number().optional(),
  why: z.string().optional(),
});
export type Answer = z.infer<typeof Answer>;

/** What a finished task left behind. Texts are cut at the limit that the node applies. */
export const RunOutput = z.object({
  stdout: z.string(),
  stdoutTruncated: z.boolean(),
  stderr: z.string(),
  stderrTruncated: z.boolean(),
  exitCode: z.int(),
  errorMsg: z.string(),
});
export type RunOutput = z.infer<typeof RunOutput>;

const executionId = z.string();

/** A node was chosen for one try of one partition. */
export const ExecutionAssigned = defineEvent(
  "ExecutionAssigned",
  z.object({
    executionId,
    partition: z.int().min(0),
    attempt: z.int().min(1),
    version: z.int().min(1),
    nodeId: z.string(),
    askId: z.string(),
    resources: AllocatedResources,
    previous: z.string().optional(),
    /** How every node that was asked answered; stands with the first execution of a commit and is empty on the others. */
    answers: z.array(Answer),
  }),
);
/** The task runs. `timeoutAt` is by the requester's clock, milliseconds since the epoch. */
export const ExecutionStarted = defineEvent(
  "ExecutionStarted",
  z.object({ executionId, startedAt: z.number(), timeoutAt: z.number().optional() }),
);
/** The task ended and its results are being taken out. */
export const ExecutionPublishing = defineEvent("ExecutionPublishing", z.object({ executionId }));
/** The task ended by itself and its results are out; a non-zero exit code is an end like any other. */
export const ExecutionCompleted = defineEvent(
  "ExecutionCompleted",
  z.object({ executionId, output: RunOutput, result: SpecConfig.optional() }),
);
/** `retryAt` says when the partition is tried again; without it this was its last try. */
export const ExecutionFailed = defineEvent(
  "ExecutionFailed",
  z.object({
    executionId,
    code: z.string(),
    why: z.string(),
    output: RunOutput.optional(),
    retryAt: z.number().optional(),
  }),
);
/** The node went away with it; `retryAt` as for a failure. */
export const ExecutionLost = defineEvent(
  "ExecutionLost",
  z.object({ executionId, code: z.string(), why: z.string(), retryAt: z.number().optional() }),
);
/** Nobody wants it any more. */
export const ExecutionStopped = defineEvent("ExecutionStopped", z.object({ executionId, why: z.string() }));
