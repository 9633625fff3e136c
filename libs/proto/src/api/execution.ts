import { z } from "zod";
import { RunOutput } from "../execution/events.ts";
import { type ExecutionState, executionMachine } from "../execution/machine.ts";
import { SpecConfig } from "../job/spec.ts";
import { AllocatedResources } from "../resources.ts";
import { onWire } from "../wire/meta.ts";

// Bacalhau's integers. Its orchestrator shows BidAccepted for an execution that is assigned but not yet reported as running.
const computeInts = {
  assigned: 5,
  running: 6,
  publishing: 7,
  completed: 9,
  failed: 10,
  lost: 10,
  stopped: 11,
  // Bacalhau shows Cancelled as soon as an execution is ordered to stop.
  stopping: 11,
} satisfies Record<ExecutionState, number>;
const desiredInts = { pending: 0, running: 1, stopped: 2 } as const;

const stated = {
  message: z.string().describe("the reason of the state, for people"),
  details: z.record(z.string(), z.string()).describe("facts about the state, for programs"),
};

/** An execution as the API shows it and the view stores it. */
export const ExecutionEntity = z
  .object({
    id: z.string().describe("the id of the execution"),
    namespace: z.string().describe("the namespace of the job"),
    evalId: z.string().describe("empty: for Bacalhau's clients"),
    name: z.string().describe("empty: for Bacalhau's clients"),
    nodeId: z.string().describe("the node that runs it"),
    jobId: z.string().describe("the job that it belongs to"),
    jobVersion: z.int().describe("the version of the job whose spec it runs"),
    allocatedResources: z
      .object({
        tasks: z
          .record(z.string(), onWireResources(AllocatedResources))
          .describe("by the name of the task; a zero is left out"),
      })
      .describe("what the node grants to it"),
    desiredState: z
      .object({
        stateType: onWire(z.enum(["pending", "running", "stopped"]).describe("the state that the job demands"), {
          as: desiredInts,
        }),
        ...stated,
      })
      .describe("what the job demands of it"),
    computeState: z
      .object({
        stateType: onWire(z.enum(executionMachine.states).describe("its state"), { as: computeInts }),
        ...stated,
      })
      .describe("its state on the node"),
    publishedResult: z
      .object({
        type: z.string().describe("where the results are; empty without results"),
        params: SpecConfig.shape.params.describe("how to get them"),
      })
      .describe("its published results"),
    runOutput: RunOutput.extend({
      stderr: onWire(RunOutput.shape.stderr.clone(), { name: "stderr" }),
    })
      .optional()
      .describe("its output and exit code; absent until it has ended"),
    previousExecution: z.string().describe("the execution that it replaces; empty for a first attempt"),
    nextExecution: z.string().describe("the execution that replaces it; empty without one"),
    followupEvalId: z.string().describe("empty: for Bacalhau's clients"),
    partitionIndex: onWire(z.int().describe("the partition of the job that it runs; left out for the first one"), {
      omitEmpty: true,
    }),
    attempt: z.int().describe("the number of the attempt at its slot, from 1"),
    revision: z.int().describe("one more with each of its events"),
    createTime: onWire(z.number().describe("when it was assigned"), { as: "nanoseconds" }),
    modifyTime: onWire(z.number().describe("when its last event was decided"), { as: "nanoseconds" }),
  })
  .meta({ id: "Execution", description: "one attempt at one slot of a job" });
export type ExecutionEntity = z.infer<typeof ExecutionEntity>;

/** Resources on the wire have Bacalhau's names, and every zero is left out. */
export function onWireResources(schema: typeof AllocatedResources): typeof AllocatedResources {
  const names = { cpuCores: "CPU", memoryBytes: "Memory", diskBytes: "Disk", gpus: "GPU" } as const;
  return schema.extend({
    cpuCores: onWire(z.number().min(0).describe("cores"), { name: names.cpuCores, omitEmpty: true }),
    memoryBytes: onWire(z.number().min(0).describe("bytes of memory"), { name: names.memoryBytes, omitEmpty: true }),
    diskBytes: onWire(z.number().min(0).describe("bytes of disk"), { name: names.diskBytes, omitEmpty: true }),
    gpus: onWire(z.number().min(0).describe("devices"), { name: names.gpus, omitEmpty: true }),
  });
}
