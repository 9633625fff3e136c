import { ExecutionFailed, ExecutionStarted, ExecutionsLost, JobStarted, JobSubmitted } from "@shoal/proto";
import { expect, it } from "vitest";
import { folded } from "../../testing/given.ts";
import { sampleAssigned, sampleAt, sampleExecutionId, sampleJobId, sampleSpec } from "../../testing/samples.ts";
import { evolveJob, type JobEvent } from "../evolve.ts";
import type { Job } from "../job.ts";
import { batch } from "./batch.ts";
import { jobTypeContract } from "./contract.ts";

const executionId = sampleExecutionId();
const assigned = sampleAssigned();

/** A history with every failed end of an attempt, with and without a retry. */
const histories: readonly (readonly JobEvent[])[] = [
  [ExecutionFailed.of({ executionId, code: "ENGINE_FAILED", why: "it broke", retryAt: sampleAt })],
  [ExecutionFailed.of({ executionId, code: "TASK_INVALID", why: "it never can" })],
  [ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "node has disappeared", retryAt: sampleAt })],
].map((end) => [
  JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count: 2 }), version: 1 }),
  assigned,
  JobStarted.of({}),
  ExecutionStarted.of({ executionId, startedAt: sampleAt }),
  ...end,
]);

/** The job after each of its events. */
const allJobs = (): readonly Job[] =>
  histories.flatMap((history) =>
    history.flatMap((_, index) => folded<Job, JobEvent>(evolveJob, history.slice(0, index + 1)) ?? []),
  );

jobTypeContract(batch, allJobs);

it("batch has a slot for each partition, named by its decimal number", () => {
  for (const job of allJobs()) {
    expect(batch.slotOf(job, "1")).toEqual({ slot: "1" });
    for (const name of ["2", "-1", "1e0", "01", "1.0", " 1"]) expect(batch.slotOf(job, name)).toBeUndefined();
  }
});
