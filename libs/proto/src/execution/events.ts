import { z } from "zod";
import { defineEvent } from "../event.ts";
import { SpecConfig } from "../job/spec.ts";
import { AllocatedResources } from "../resources.ts";
import { SlotSet } from "../slots.ts";
import { Preparation } from "./preparation.ts";
import { ExecutionRuntime } from "./runtime.ts";

/** The answer of one node to an ask; stored to explain why a node was chosen or not. */
export const Answer = z.object({
  nodeId: z.string().describe("the node that was asked"),
  accepted: z.boolean().describe("whether it made a bid"),
  score: z.number().optional().describe("the score of its bid; the highest one gets the slot"),
  why: z.string().optional().describe("why it made no bid"),
});
export type Answer = z.infer<typeof Answer>;

/** The output of a finished task. Texts are cut at the limit that the node applies. */
export const RunOutput = z.object({
  stdout: z.string().describe("the beginning of what the task wrote to stdout"),
  stdoutTruncated: z.boolean().describe("whether stdout has more"),
  stderr: z.string().describe("the beginning of what the task wrote to stderr"),
  stderrTruncated: z.boolean().describe("whether stderr has more"),
  exitCode: z.int().describe("the exit code of the task; -1 when it has none"),
  errorMsg: z.string().describe("why the task did not run to its end; empty when it did"),
});
export type RunOutput = z.infer<typeof RunOutput>;

const executionId = z.string().describe("the id of the execution");
const code = z.string().describe("the code of the failure, from the error table");
const why = z.string().describe("the reason, for people");

const report = z
  .int()
  .min(1)
  .optional()
  .describe("the number of the node's report that led to the event; absent when no report did");

const retryAt = z.number().optional().describe("when the slot is placed again; absent when this end leads to no retry");

export const ExecutionAssigned = defineEvent(
  "ExecutionAssigned",
  z
    .object({
      executionId,
      slot: z.string().min(1).describe("the slot of the job: a partition's number, or a node's id"),
      isPinned: z.boolean().optional().describe("whether the slot is the id of the one node that may fill it"),
      attempt: z.int().min(1).describe("the number of the attempt at the slot, from 1"),
      version: z.int().min(1).describe("the version of the job whose spec it runs"),
      nodeId: z.string().describe("the node that runs it"),
      askId: z.string().describe("the ask that the node's bid answered"),
      resources: AllocatedResources.describe("what the node grants to it"),
      previous: z.string().optional().describe("the execution that it replaces"),
      startBy: z.number().describe("it is lost when no report shows that it runs by then"),
      answers: z
        .array(Answer)
        .describe("the answer of every node that was asked; with the first execution of a commit, else empty"),
    })
    .describe("A node was chosen for one attempt at one slot."),
);
export const ExecutionPreparing = defineEvent(
  "ExecutionPreparing",
  z
    .object({ executionId, ...Preparation.shape, report })
    .describe("A node prepares the task. It is only shown: nothing follows from it."),
);
export const ExecutionStarted = defineEvent(
  "ExecutionStarted",
  z
    .object({
      executionId,
      startedAt: z.number().describe("when it started, by the node's clock"),
      timeoutAt: z.number().optional().describe("when it fails if it still runs, by the requester's clock"),
      runtime: ExecutionRuntime.optional().describe(
        "what it got on its node; absent when the engine has nothing to name",
      ),
      report,
    })
    .describe("The task runs."),
);
export const ExecutionPublishing = defineEvent(
  "ExecutionPublishing",
  z
    .object({
      executionId,
      publishBy: z.number().describe("it fails when its results are not published by then"),
      report,
    })
    .describe("The task ended and its results are being published."),
);
export const ExecutionCompleted = defineEvent(
  "ExecutionCompleted",
  z
    .object({
      executionId,
      output: RunOutput.describe("what it wrote, and its exit code"),
      result: SpecConfig.optional().describe("where its results are; absent without a publisher"),
      retryAt,
      report,
    })
    .describe("The task ended and its results are published; an exit code other than 0 is an end like any other."),
);
export const ExecutionFailed = defineEvent(
  "ExecutionFailed",
  z
    .object({
      executionId,
      code,
      why,
      output: RunOutput.optional().describe("what it wrote until then; absent when it did not run"),
      retryAt,
      report,
    })
    .describe("The attempt failed. Without `retryAt` it was the slot's last attempt."),
);
export const ExecutionsStopping = defineEvent(
  "ExecutionsStopping",
  z
    .object({
      slots: SlotSet.describe("the slots whose live executions are to stop"),
      why,
      until: z.number().describe("executions that their nodes have not stopped by then are lost"),
    })
    .describe("The live executions of these slots are to stop."),
);
export const ExecutionsLost = defineEvent(
  "ExecutionsLost",
  z
    .object({ slots: SlotSet.describe("the slots whose live executions are lost"), code, why, retryAt })
    .describe("The outcome of live executions is unknown: their node disappeared, or did not act in time."),
);
export const ExecutionStopped = defineEvent(
  "ExecutionStopped",
  z
    .object({ executionId, retryAt, report })
    .describe("The node has confirmed that an execution which was to stop no longer runs."),
);
export const ExecutionsDisconnected = defineEvent(
  "ExecutionsDisconnected",
  z
    .object({
      slots: SlotSet.describe("the slots whose live executions are disconnected"),
      why,
      until: z.number().describe("they are lost unless their node is back by then"),
    })
    .describe("A node is disconnected, and the task of its executions allows that for some time."),
);
export const ExecutionsReconnected = defineEvent(
  "ExecutionsReconnected",
  z
    .object({ slots: SlotSet.describe("the slots whose live executions continue") })
    .describe("The node is back in time: its executions continue, and nothing replaces them."),
);
