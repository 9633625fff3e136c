import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../commit.ts";
import {
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionStarted,
  ExecutionsLost,
} from "../execution/events.ts";
import { JobCompleted, JobFailed, JobQueued, JobStarted, JobStopped, JobSubmitted, JobUpdated } from "../job/events.ts";
import { JobSpec } from "../job/spec.ts";
import { eventText } from "./event-texts.ts";

const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
const executionId = "e-1";
const output = { stdout: "", stdoutTruncated: false, stderr: "", stderrTruncated: false, exitCode: 3, errorMsg: "" };
const assigned = ExecutionAssigned.of({
  ...{ executionId, slot: "0", attempt: 1, version: 1, nodeId: "n-12345678-90ab", askId: "a", startBy: 1 },
  resources: { cpuCores: 1, memoryBytes: 1, diskBytes: 0, gpus: 0 },
  answers: [],
});
const failed = (retryAt?: number) =>
  ExecutionFailed.of({
    executionId,
    code: "ENGINE_FAILED",
    why: "it broke",
    ...(retryAt === undefined ? {} : { retryAt }),
  });

describe("the history of Bacalhau's clients", () => {
  it.each<readonly [string, StoredEvent]>([
    ["Job submitted", JobSubmitted.of({ jobId: "j-1", spec, version: 1 })],
    ["Job updated", JobUpdated.of({ spec, version: 2, why: "asked for" })],
    ["Job rerun requested", JobUpdated.of({ spec, version: 2, of: 1, why: "asked for" })],
    ["Job requested to stop before completion", JobStopped.of({ why: "enough" })],
    ["Requested execution on n-12345678", assigned],
    ["Running", JobStarted.of({})],
    ["Running", ExecutionStarted.of({ executionId, startedAt: 1 })],
    ["Completed successfully", JobCompleted.of({})],
    ["Completed successfully", ExecutionCompleted.of({ executionId, output })],
    ["Job queued. no room", JobQueued.of({ why: "no room", answers: [] })],
    [
      "Execution stop requested because node has disappeared",
      ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "node has disappeared" }),
    ],
  ])("has the message %j", (message, event) => {
    expect(eventText(event).message).toBe(message);
  });

  it("has the details by which they colour and count: an error, its code, whether it is tried again, the new state", () => {
    const error = { NewState: "Failed", IsError: "true", ErrorCode: "ENGINE_FAILED", FailsExecution: "true" };
    expect(eventText(failed()).details).toEqual({ ...error, Retryable: "false" });
    expect(eventText(failed(5)).details).toEqual({ ...error, Retryable: "true" });
    expect(eventText(JobFailed.of({ code: "NO_NODE_FITS", why: "x" })).details).toEqual({
      NewState: "Failed",
      IsError: "true",
      ErrorCode: "NO_NODE_FITS",
    });
    expect(eventText(assigned).details).toMatchObject({ NodeID: "n-12345678-90ab" });
    expect(eventText(ExecutionCompleted.of({ executionId, output })).details).toMatchObject({ ExitCode: "3" });
  });
});
