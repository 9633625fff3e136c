import { z } from "zod";
import { defineEvent } from "../event.ts";
import { SpecConfig } from "../job/spec.ts";
import { AllocatedResources } from "../resources.ts";
import { SlotSet } from "../slots.ts";
import { ExecutionRuntime } from "./runtime.ts";

/** The answer of one node to an ask; stored to explain why a node was chosen or not. */
export const Answer = z.object({
  nodeId: z.string(),
  accepted: z.boolean(),
  score: z.number().optional(),
  why: z.string().optional(),
});
export type Answer = z.infer<typeof Answer>;

/** The output of a finished task. Texts are cut at the limit that the node applies. */
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

/** The number of the node's report that led to the event; absent for nodes that do not number their reports. */
const report = z.int().min(1).optional();

/** When the slot is placed again, milliseconds since the epoch; absent when this end does not lead to a retry. */
const retryAt = z.number().optional();

/** A node was chosen for one attempt at one slot. */
export const ExecutionAssigned = defineEvent(
  "ExecutionAssigned",
  z.object({
    executionId,
    slot: z.string().min(1),
    /** The slot is the id of the one node that may fill it; otherwise it is a partition's number. */
    isPinned: z.boolean().optional(),
    attempt: z.int().min(1),
    /** The version of the job whose spec it runs. */
    version: z.int().min(1),
    nodeId: z.string(),
    askId: z.string(),
    resources: AllocatedResources,
    previous: z.string().optional(),
    /** Lost when no report shows that it runs by then; by the requester's clock, milliseconds since the epoch. */
    startBy: z.number(),
    /** The answer of every node that was asked; stored with the first execution of a commit and empty on the others. */
    answers: z.array(Answer),
  }),
);
/** The task runs. `timeoutAt` is by the requester's clock, milliseconds since the epoch. */
export const ExecutionStarted = defineEvent(
  "ExecutionStarted",
  z.object({
    executionId,
    startedAt: z.number(),
    timeoutAt: z.number().optional(),
    /** Absent when the engine has nothing to name. A release that does not know the field leaves it out. */
    runtime: ExecutionRuntime.optional(),
    report,
  }),
);
/** The task ended and its results are being published, until `publishBy` at most. */
export const ExecutionPublishing = defineEvent(
  "ExecutionPublishing",
  z.object({ executionId, publishBy: z.number(), report }),
);
/** The task ended and its results are published; a non-zero exit code is an end like any other. */
export const ExecutionCompleted = defineEvent(
  "ExecutionCompleted",
  z.object({ executionId, output: RunOutput, result: SpecConfig.optional(), retryAt, report }),
);
/** The attempt failed. Without `retryAt` it was the slot's last attempt. */
export const ExecutionFailed = defineEvent(
  "ExecutionFailed",
  z.object({ executionId, code: z.string(), why: z.string(), output: RunOutput.optional(), retryAt, report }),
);
/** The live executions of these slots are to stop: their nodes stop them by `until`, or they are lost. */
export const ExecutionsStopping = defineEvent(
  "ExecutionsStopping",
  z.object({ slots: SlotSet, why: z.string(), until: z.number() }),
);
/** The outcome of the live executions of these slots is unknown: their node disappeared, or did not act in time. */
export const ExecutionsLost = defineEvent(
  "ExecutionsLost",
  z.object({ slots: SlotSet, code: z.string(), why: z.string(), retryAt }),
);
/** The node has confirmed that an execution which was to stop no longer runs. */
export const ExecutionStopped = defineEvent("ExecutionStopped", z.object({ executionId, retryAt, report }));
