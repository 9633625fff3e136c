import {
  ExecutionCompleted,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsLost,
  ExecutionsStopping,
  JobCompleted,
  JobFailed,
  JobStarted,
  JobStopped,
  JobSubmitted,
  type Report,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { foldJob } from "../fold.ts";
import { givenJob } from "../testing/given.ts";
import {
  sampleAssigned,
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleOutput,
  sampleReport,
  sampleResources,
  sampleSpec,
} from "../testing/samples.ts";
import { executionEntity } from "./entity.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import { executionOf } from "./job.ts";
import { batch, batchRetries } from "./job-types/batch.ts";
import { jobKind } from "./kind.ts";

const first = sampleExecutionId();
const until = sampleAt + batch.defaults.stopWithinMs;
const submitted = (count: number): JobEvent =>
  JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count }), version: 1 });
const assigned = (partition: number, nodeId = "n-one"): JobEvent => sampleAssigned({ slot: `${partition}`, nodeId });
const running = [
  submitted(1),
  assigned(0),
  JobStarted.of({}),
  ExecutionStarted.of({ executionId: first, startedAt: sampleAt, report: 1 }),
];
const why = "Execution stop requested because job has been stopped";
const stopped = [...running, ExecutionsStopping.of({ slots: ["0"], why, until }), JobStopped.of({ why: "enough" })];
const summary = (saw: Report["saw"], number?: number) =>
  ({ name: "Report", nodeId: "n-one", executionId: first, report: sampleReport(saw, number) }) as const;
const world = { isGone: () => false, nodes: () => [], settled: () => true };
const settledReports: readonly Report["saw"][] = [
  { kind: "stopped" },
  { kind: "completed", startedAt: sampleAt, output: sampleOutput },
  { kind: "failed", code: "ENGINE_FAILED", why: "it broke", final: false },
];

describe("stopping a job", () => {
  it("ends the job at once, and an execution when its node confirms", () => {
    givenJob(...running)
      .when({ name: "Stop", why: "enough" })
      .then(ExecutionsStopping.of({ slots: ["0"], why, until }), JobStopped.of({ why: "enough" }));
  });
  it("has no effect when repeated", () => {
    givenJob(...stopped)
      .when({ name: "Stop", why: "again" })
      .then();
  });
  it("ends only the job when no execution runs", () => {
    givenJob(submitted(1))
      .when({ name: "Stop", why: "enough" })
      .then(JobStopped.of({ why: "enough" }));
  });
  it("is refused for a job that has ended otherwise or does not exist", () => {
    const completed = ExecutionCompleted.of({ executionId: first, output: sampleOutput });
    givenJob(...running, completed, JobCompleted.of({}))
      .when({ name: "Stop", why: "x" })
      .refused("ILLEGAL_TRANSITION");
    givenJob().when({ name: "Stop", why: "x" }).refused("JOB_NOT_FOUND");
  });
  it("of a thousand executions is one short event, and copies the job once", () => {
    const count = 1000;
    const slots = Array.from({ length: count }, (_, partition) => partition);
    const { state, when } = givenJob(submitted(count), ...slots.map((slot) => assigned(slot)), JobStarted.of({}));
    const { decision } = when({ name: "Stop", why: "enough" });
    expect(decision).toEqual({
      ok: true,
      events: [ExecutionsStopping.of({ slots: [[0, 999]], why, until }), JobStopped.of({ why: "enough" })],
    });
    expect(JSON.stringify(decision).length).toBeLessThan(512);
    expect([...(state?.live.values() ?? [])].every((execution) => execution.state === "assigned")).toBe(true);
  });
  it("of nodes that are lost is one event for each time of retry", () => {
    const slots = Array.from({ length: 1000 }, (_, partition) => partition);
    givenJob(submitted(1000), ...slots.map((slot) => assigned(slot)), JobStarted.of({}))
      .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
      .then(ExecutionsLost.of({ slots: [[0, 999]], code: "NODE_LOST", why: "gone", retryAt: sampleAt }));
  });
});

it("losing a node is one event for each time at which slots are placed again", () => {
  const lost = (slot: string) =>
    ExecutionsLost.of({ slots: [slot], code: "NODE_LOST", why: "gone", retryAt: sampleAt });
  const attemptAt = (partition: number, attempt: number): JobEvent => ({
    ...assigned(partition),
    data: {
      ...assigned(partition).data,
      executionId: sampleExecutionId(partition, attempt),
      attempt,
    } as never,
  });
  const retried = [assigned(1), lost("1"), attemptAt(1, 2), lost("1"), attemptAt(1, 3)] as readonly JobEvent[];
  const events = { code: "NODE_LOST", why: "gone" } as const;
  givenJob(submitted(4), assigned(0), ...retried, assigned(2), assigned(3, "n-two"), JobStarted.of({}))
    .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
    .then(
      ExecutionsLost.of({ slots: ["0", "2"], ...events, retryAt: sampleAt }),
      ExecutionsLost.of({ slots: ["1"], ...events, retryAt: sampleAt + 2 * batchRetries.backoff.firstMs }),
    );
});

describe("an execution that is stopping", () => {
  it("occupies its slot and its node, and its job is ended and not settled", () => {
    const { state } = givenJob(...stopped);
    if (state === undefined) expect.unreachable();
    expect(jobKind.isEnded(state)).toBe(true);
    expect(jobKind.isSettled(state)).toBe(false);
    expect([...jobKind.nodesOf(state)]).toEqual(["n-one"]);
    expect(jobKind.react(state, world, sampleAt)).toMatchObject({ slots: [], commands: [], nextAt: until });
  });
  it.each(settledReports)("has stopped by a report of %j, whatever it holds", (saw) => {
    const end = ExecutionStopped.of({ executionId: first, report: 2 });
    givenJob(...stopped)
      .when(summary(saw, 2))
      .then(end);
    const { state } = givenJob(...stopped, end);
    expect(state?.header.state).toBe("stopped");
    expect(state && jobKind.isSettled(state)).toBe(true);
  });
  it("ignores a report that it runs, and a recorded one", () => {
    givenJob(...stopped)
      .when(summary({ kind: "running", startedAt: sampleAt }, 2))
      .then();
    givenJob(...stopped)
      .when(summary({ kind: "stopped" }, 1))
      .then();
  });
  it("is lost with its node, without a retry", () => {
    givenJob(...stopped)
      .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
      .then(ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone" }));
  });
  it("is lost when its node does not confirm in time", () => {
    givenJob(...stopped)
      .when({ name: "Tick" }, until - 1)
      .then();
    const why = "the node did not confirm the stop in time";
    const lost = ExecutionsLost.of({ slots: ["0"], code: "STOP_TIMED_OUT", why });
    givenJob(...stopped)
      .when({ name: "Tick" }, until)
      .then(lost);
    const { state } = givenJob(...stopped, lost);
    expect(state && jobKind.isSettled(state)).toBe(true);
  });
  it("is shown as cancelled, with the desired state stopped", () => {
    const { state } = givenJob(...stopped);
    const execution = state && executionOf(state, first);
    if (state === undefined || execution === undefined) expect.unreachable();
    expect(executionEntity(state, execution)).toMatchObject({
      desiredState: { stateType: "stopped" },
      computeState: { stateType: "stopping" },
    });
  });
  it("holds its slot: a log that fills it twice is damaged", () => {
    const { state } = givenJob(...stopped.slice(0, -1));
    const second = { ...assigned(0), data: { ...assigned(0).data, executionId: "e-2", attempt: 2 } } as JobEvent;
    expect(state && evolveJob(state, second, { at: sampleAt, seq: 9 })).toBeUndefined();
    const lost = ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone" });
    const { state: free } = givenJob(...stopped.slice(0, -1), lost);
    expect(free && evolveJob(free, second, { at: sampleAt, seq: 9 })).toBeDefined();
  });
  it("is not placed again while it stops, nor is any slot of an ended job", () => {
    const place = { slot: "0", nodeId: "n-two", askId: "a", resources: sampleResources };
    givenJob(...stopped)
      .when({ name: "Place", places: [place], answers: [] })
      .refused("ILLEGAL_TRANSITION");
  });
});

it("a failing job stops its other executions, and a log without the stop is damaged", () => {
  const two = [submitted(2), assigned(0), assigned(1, "n-two"), JobStarted.of({})];
  const { decision } = givenJob(...two).when(summary({ kind: "failed", code: "X", why: "it broke", final: true }));
  expect(decision).toMatchObject({
    ok: true,
    events: [
      { type: "ExecutionFailed" },
      { type: "ExecutionsStopping", data: { slots: ["1"], until } },
      { type: "JobFailed" },
    ],
  });
  const events = [...stopped, JobFailed.of({ code: "X", why: "no" })];
  const commit = { v: 1, id: "c", at: sampleAt, by: "r", epoch: 0, prev: "", cause: { command: "t" }, events } as const;
  const actor = { type: "requester", id: "r" } as const;
  const aggregate = { kind: "job", namespace: "default", id: sampleJobId };
  expect(() => foldJob([{ aggregate, seq: 1, hash: "h", commit: { ...commit, actor } }])).toThrow("JobFailed");
});
