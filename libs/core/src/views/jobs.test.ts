import {
  ExecutionCompleted,
  ExecutionEntity,
  ExecutionStarted,
  ExecutionsStopping,
  JobEntity,
  JobStarted,
  JobStopped,
  JobSubmitted,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { evolveJob, type JobEvent } from "../job/evolve.ts";
import { givenJob } from "../testing/given.ts";
import {
  sampleAssigned,
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleOutput,
  sampleSpec,
} from "../testing/samples.ts";
import { assignments } from "./assignments.ts";
import { jobEntryLimits, jobs } from "./jobs.ts";
import { changes, entries } from "./view.ts";

const assigned = (partition: number): JobEvent => sampleAssigned({ slot: `${partition}` });
const submitted = (count: number) => JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count }), version: 1 });
const jobOf = (...history: readonly JobEvent[]) => givenJob(...history).state ?? expect.unreachable();
const entryOfJob = (...history: readonly JobEvent[]) => {
  const [entry, ...others] = entries(jobs, jobOf(...history));
  expect(others).toEqual([]);
  return entry?.value ?? expect.unreachable();
};
const withAll = (count: number) => [submitted(count), ...Array.from({ length: count }, (_, index) => assigned(index))];
const done = (partition: number, stdout: string) => [
  ExecutionStarted.of({ executionId: sampleExecutionId(partition), startedAt: 1 }),
  ExecutionCompleted.of({ executionId: sampleExecutionId(partition), output: { ...sampleOutput, stdout } }),
];

describe("a job's entry", () => {
  it("holds its executions as the API shows them, and their counts", () => {
    const value = entryOfJob(...withAll(2), JobStarted.of({}), ...done(1, "hello"));
    JobEntity.parse(value["job"]);
    const executions = z.array(ExecutionEntity).parse(value["executions"]);
    expect(executions.map(({ id, computeState }) => [id, computeState.stateType])).toEqual([
      [sampleExecutionId(0), "assigned"],
      [sampleExecutionId(1), "completed"],
    ]);
    expect(value["counts"]).toEqual({ assigned: 1, completed: 1 });
  });
  it("has only counts beyond a number of executions, or of characters", () => {
    const most = jobEntryLimits.executions;
    expect(entryOfJob(...withAll(most))["executions"]).toHaveLength(most);
    expect(entryOfJob(...withAll(most + 1))).toMatchObject({ counts: { assigned: most + 1 } });
    expect(entryOfJob(...withAll(most + 1))["executions"]).toBeUndefined();
    const half = "x".repeat(jobEntryLimits.textChars / 2);
    expect(entryOfJob(...withAll(2), ...done(0, half))["executions"]).toHaveLength(2);
    expect(entryOfJob(...withAll(2), ...done(0, half), ...done(1, half))["executions"]).toBeUndefined();
  });
  it("changes with every commit of the job", () => {
    const before = jobOf(...withAll(1));
    const after = jobOf(...withAll(1), JobStarted.of({}), ...done(0, ""));
    expect(changes(jobs, before, { after, seq: after.seq })).toMatchObject([{ seq: after.seq, value: {} }]);
    expect(changes(jobs, after, { after, seq: after.seq })).toEqual([]);
  });
});

describe("an assignment", () => {
  const running = jobOf(...withAll(1), JobStarted.of({}));
  const stopping = jobOf(
    ...withAll(1),
    JobStarted.of({}),
    ExecutionsStopping.of({ slots: ["0"], why: "enough", until: sampleAt + 5 }),
    JobStopped.of({ why: "enough" }),
  );
  it("has the desired state run, and then stop, until the execution has ended", () => {
    expect(entries(assignments, running)).toMatchObject([{ seq: 2, value: { desired: "run", slot: "0" } }]);
    expect(changes(assignments, running, { after: stopping, seq: 5 })).toMatchObject([
      { seq: 4, value: { desired: "stop" } },
    ]);
  });
  it("has the limits of each phase on the node, and its partition", () => {
    expect(entries(assignments, running)[0]?.value).toMatchObject({
      prepareTimeoutMs: 1_800_000,
      publishTimeoutMs: 1_800_000,
      partition: { index: 0, count: 1 },
      assignedAt: sampleAt,
    });
  });
  it("does not change while the desired state stays", () => {
    const event = ExecutionStarted.of({ executionId: sampleExecutionId(0), startedAt: 1 });
    const after = evolveJob(running, event, { at: sampleAt, seq: 9 }) ?? expect.unreachable();
    expect(changes(assignments, running, { after, seq: 9 })).toEqual([]);
    expect(changes(jobs, running, { after, seq: 9 })).toHaveLength(1);
  });
});
