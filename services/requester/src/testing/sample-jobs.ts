import {
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionStarted,
  executionIdOf,
  JobCompleted,
  type JobSpec,
  JobStarted,
  JobSubmitted,
  type SpecConfig,
} from "@shoal/proto";
import { type ApiHarness, harnessSpec } from "./api-harness.ts";

export const jobRef = (id: string, namespace = "default") => ({ kind: "job", namespace, id }) as const;

/** An id that is readable in a failing test; `digit` is repeated. */
export const jobIdOf = (digit: number): string => `j-${String(digit).repeat(8)}-0000-4000-8000-000000000000`;

const resources = { cpuCores: 1, memoryBytes: 1000, diskBytes: 0, gpus: 0 };
const output = {
  stdout: "hello\n",
  stdoutTruncated: false,
  stderr: "",
  stderrTruncated: false,
  exitCode: 0,
  errorMsg: "",
};

export const executionOf = (jobId: string, attempt = 1, partition = 0): string =>
  executionIdOf({ jobId, version: 1, slot: `${partition}`, attempt });

/** The events of the first partition of a job. */
export const steps = {
  assigned: (jobId: string, attempt = 1) =>
    ExecutionAssigned.of({
      executionId: executionOf(jobId, attempt),
      slot: "0",
      attempt,
      version: 1,
      nodeId: "n-one",
      askId: "a-1",
      resources,
      startBy: 1,
      answers: [],
    }),
  started: (jobId: string, attempt = 1) =>
    ExecutionStarted.of({ executionId: executionOf(jobId, attempt), startedAt: 1 }),
  failed: (jobId: string, attempt = 1) =>
    ExecutionFailed.of({
      executionId: executionOf(jobId, attempt),
      code: "ENGINE_FAILED",
      why: "it broke",
      retryAt: 1,
    }),
  completed: (jobId: string, result?: SpecConfig, attempt = 1) =>
    ExecutionCompleted.of({
      executionId: executionOf(jobId, attempt),
      output,
      ...(result === undefined ? {} : { result }),
    }),
};

/** Submits a job with a known id. */
export async function submitted(harness: ApiHarness, jobId: string, spec: JobSpec = harnessSpec()): Promise<string> {
  await harness.emit(jobRef(jobId, spec.namespace), JobSubmitted.of({ jobId, spec, version: 1 }));
  return jobId;
}

/** A job that runs on node n-one. */
export async function running(harness: ApiHarness, jobId: string): Promise<string> {
  await submitted(harness, jobId);
  await harness.emit(jobRef(jobId), steps.assigned(jobId), JobStarted.of({}));
  await harness.emit(jobRef(jobId), steps.started(jobId));
  return jobId;
}

/** A job that has completed, perhaps with a published result. */
export async function completed(harness: ApiHarness, jobId: string, result?: SpecConfig): Promise<string> {
  await running(harness, jobId);
  await harness.emit(jobRef(jobId), steps.completed(jobId, result), JobCompleted.of({}));
  return jobId;
}
