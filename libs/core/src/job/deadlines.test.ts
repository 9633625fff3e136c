import {
  ExecutionAssigned,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionsLost,
  JobQueued,
  JobStarted,
  JobSubmitted,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenJob } from "../testing/given.ts";
import {
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleReport,
  sampleResources,
  sampleSpec,
} from "../testing/samples.ts";
import type { JobEvent } from "./evolve.ts";
import { batch, batchRetries } from "./job-types/batch.ts";
import { jobKind } from "./kind.ts";
import { jobLimits } from "./limits.ts";

const first = sampleExecutionId();
const startBy = sampleAt + batch.defaults.startWithinMs;
const spec = sampleSpec({ timeouts: { executionTimeout: 1, queueTimeout: 10, totalTimeout: 60 } });
const submitted = (until: { queueUntil?: number; totalUntil?: number } = {}): JobEvent =>
  JobSubmitted.of({ jobId: sampleJobId, spec, version: 1, ...until });
const assigned = (attempt = 1): JobEvent =>
  ExecutionAssigned.of({
    executionId: sampleExecutionId(0, attempt),
    slot: "0",
    attempt,
    version: 1,
    nodeId: "n-one",
    askId: "a",
    resources: sampleResources,
    ...(attempt === 1 ? {} : { previous: sampleExecutionId(0, attempt - 1) }),
    startBy,
    answers: [],
  });
const lost = ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt });
const started = ExecutionStarted.of({ executionId: first, startedAt: sampleAt, timeoutAt: sampleAt + 1000 });
const tick = { name: "Tick" } as const;
const world = { isGone: () => false, nodes: () => [], settled: () => true };

/** A deadline: nothing is due before it; at it react asks for a tick, and the tick leads to these events. */
function due(history: readonly JobEvent[], at: number, ...kinds: readonly string[]): void {
  const { state, when } = givenJob(...history);
  if (state === undefined) expect.unreachable();
  expect(jobKind.react(state, world, sampleAt).nextAt).toBe(at);
  expect(jobKind.react(state, world, at - 1).commands).toEqual([]);
  expect(jobKind.react(state, world, at).commands).toEqual([tick]);
  when(tick, at - 1).then();
  when(tick, at).thenKinds(...kinds);
}

describe("the deadline", () => {
  it("of the whole job fails it even while executions run", () => {
    const history = [submitted({ totalUntil: sampleAt + 60_000 }), assigned(), JobStarted.of({})];
    due(history, sampleAt + 60_000, "ExecutionsStopping", "JobFailed");
  });
  it("of the queue fails a job that was never placed", () => {
    const waiting = submitted({ queueUntil: sampleAt + 10_000 });
    due([waiting], sampleAt + 10_000, "JobFailed");
    due([waiting, JobQueued.of({ why: "no room", answers: [] })], sampleAt + 10_000, "JobFailed");
  });
  it("of the queue ends with the first placement: later waiting has no limit", () => {
    const history = [
      submitted({ queueUntil: sampleAt + 10_000 }),
      assigned(),
      JobStarted.of({}),
      lost,
      JobQueued.of({ why: "no room", answers: [] }),
    ];
    const { state, when } = givenJob(...history);
    if (state === undefined) expect.unreachable();
    const deferred = sampleAt + 7_200_000;
    expect(jobKind.react(state, world, deferred)).toMatchObject({
      slots: [{ slot: "0" }],
      commands: [],
      nextAt: undefined,
    });
    when(tick, deferred).then();
  });
  it("of the start loses an execution that its node did not start, and retries it on another node", () => {
    due([submitted(), assigned(), JobStarted.of({})], startBy, "ExecutionsLost");
    givenJob(submitted(), assigned(), JobStarted.of({}))
      .when(tick, startBy)
      .then(
        ExecutionsLost.of({
          slots: ["0"],
          code: "START_TIMED_OUT",
          why: "the node did not start it in time",
          retryAt: startBy,
        }),
      );
  });
  it("of the start does not count against the task", () => {
    const history: JobEvent[] = [submitted()];
    for (let attempt = 1; attempt <= batchRetries.failuresMax; attempt++) {
      history.push(assigned(attempt));
      if (attempt === 1) history.push(JobStarted.of({}));
      history.push(ExecutionsLost.of({ slots: ["0"], code: "START_TIMED_OUT", why: "late", retryAt: sampleAt }));
    }
    history.push(assigned(batchRetries.failuresMax + 1));
    givenJob(...history)
      .when(tick, startBy)
      .thenKinds("ExecutionsLost");
  });
  it("of a run leaves the node time to report the timeout", () => {
    const at = sampleAt + 1000 + jobLimits.timeoutGraceMs;
    due([submitted(), assigned(), JobStarted.of({}), started], at, "ExecutionFailed", "JobFailed");
  });
  it("of publishing loses an execution that publishes too long, independent of the run's deadline", () => {
    const publishBy = sampleAt + batch.defaults.publishTimeoutMs;
    const history = [submitted(), assigned(), JobStarted.of({}), started];
    givenJob(...history)
      .when({
        name: "Report",
        nodeId: "n-one",
        executionId: first,
        report: sampleReport({ kind: "publishing", startedAt: sampleAt }),
      })
      .then(ExecutionPublishing.of({ executionId: first, publishBy, report: 1 }));
    const publishing = ExecutionPublishing.of({ executionId: first, publishBy });
    due([...history, publishing], publishBy + jobLimits.timeoutGraceMs, "ExecutionsLost");
  });
  it("of a retry makes the slot placeable", () => {
    const retryAt = sampleAt + 5000;
    const deferred = ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt });
    const { state } = givenJob(submitted(), assigned(), JobStarted.of({}), deferred);
    if (state === undefined) expect.unreachable();
    expect(jobKind.react(state, world, sampleAt)).toMatchObject({ slots: [], nextAt: retryAt });
    expect(jobKind.react(state, world, retryAt)).toMatchObject({ slots: [{ slot: "0" }] });
  });
  it("is set with the assignment, longer than the preparation limit", () => {
    const place = { slot: "0", nodeId: "n-one", askId: "a", resources: sampleResources };
    const { decision } = givenJob(submitted()).when({ name: "Place", places: [place], answers: [] });
    expect(decision).toMatchObject({ ok: true, events: [{ data: { startBy } }, { type: "JobStarted" }] });
  });
});

it("a job reacts to a lost node with one LoseNode command", () => {
  const { state } = givenJob(submitted(), assigned(), JobStarted.of({}));
  const gone = { isGone: (nodeId: string) => nodeId === "n-one", nodes: () => [], settled: () => true };
  expect(state && jobKind.react(state, gone, sampleAt).commands).toEqual([
    { name: "LoseNode", nodeId: "n-one", why: "node has disappeared" },
  ]);
});
