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

const stated = { message: z.string(), details: z.record(z.string(), z.string()) };

/** An execution as the API shows it and the view stores it. */
export const ExecutionEntity = z
  .object({
    id: z.string(),
    namespace: z.string(),
    evalId: z.string(),
    name: z.string(),
    nodeId: z.string(),
    jobId: z.string(),
    jobVersion: z.int(),
    allocatedResources: z.object({ tasks: z.record(z.string(), onWireResources(AllocatedResources)) }),
    desiredState: z.object({
      stateType: onWire(z.enum(["pending", "running", "stopped"]), { as: desiredInts }),
      ...stated,
    }),
    computeState: z.object({ stateType: onWire(z.enum(executionMachine.states), { as: computeInts }), ...stated }),
    publishedResult: z.object({ type: z.string(), params: SpecConfig.shape.params }),
    runOutput: RunOutput.extend({ stderr: onWire(z.string(), { name: "stderr" }) }).optional(),
    previousExecution: z.string(),
    nextExecution: z.string(),
    followupEvalId: z.string(),
    partitionIndex: onWire(z.int(), { omitEmpty: true }),
    attempt: z.int(),
    revision: z.int(),
    createTime: onWire(z.number(), { as: "nanoseconds" }),
    modifyTime: onWire(z.number(), { as: "nanoseconds" }),
  })
  .meta({ id: "Execution" });
export type ExecutionEntity = z.infer<typeof ExecutionEntity>;

/** Resources on the wire have Bacalhau's names, and every zero is left out. */
export function onWireResources(schema: typeof AllocatedResources): typeof AllocatedResources {
  const names = { cpuCores: "CPU", memoryBytes: "Memory", diskBytes: "Disk", gpus: "GPU" } as const;
  return schema.extend({
    cpuCores: onWire(z.number().min(0), { name: names.cpuCores, omitEmpty: true }),
    memoryBytes: onWire(z.number().min(0), { name: names.memoryBytes, omitEmpty: true }),
    diskBytes: onWire(z.number().min(0), { name: names.diskBytes, omitEmpty: true }),
    gpus: onWire(z.number().min(0), { name: names.gpus, omitEmpty: true }),
  });
}
