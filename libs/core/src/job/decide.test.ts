import {
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionsLost,
  JobCompleted,
  JobQueued,
  JobStarted,
  JobStopped,
  JobSubmitted,
  SlotsQueued,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { registry } from "../registry.ts";
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
import { jobDecider } from "./decide.ts";
import type { JobEvent } from "./evolve.ts";
import { batch, batchRetries } from "./job-types/batch.ts";
import type { JobType } from "./job-types/job-type.ts";
import { jobLimits } from "./limits.ts";

const submitted = (count = 1): JobEvent =>
  JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count }), version: 1 });
const assigned = (nodeId: string, partition = 0, attempt = 1): JobEvent =>
  sampleAssigned({
    ...{ slot: `${partition}`, attempt, nodeId, askId: `a-${partition}-${attempt}` },
    startBy: sampleAt + batch.defaults.startWithinMs,
  });
const first = sampleExecutionId();
const started = ExecutionStarted.of({ executionId: first, startedAt: sampleAt });
const completed = (partition = 0) =>
  ExecutionCompleted.of({ executionId: sampleExecutionId(partition), output: sampleOutput });
const running = [submitted(), assigned("n-one"), JobStarted.of({}), started];
const place = (nodeId: string, partition = 0) => ({
  slot: `${partition}`,
  nodeId,
  askId: `a-${partition}-1`,
  resources: sampleResources,
});
const summary = (saw: Parameters<typeof sampleReport>[0], nodeId = "n-one", executionId = first) =>
  ({ name: "Report", nodeId, executionId, report: sampleReport(saw) }) as const;
const fails = { kind: "failed", code: "ENGINE_FAILED", why: "it broke", final: false } as const;
const done = { kind: "completed", startedAt: sampleAt, output: sampleOutput } as const;

describe("submitting a job", () => {
  it("fixes its deadlines", () => {
    const spec = sampleSpec({ timeouts: { queueTimeout: 5, totalTimeout: 60 } });
    givenJob()
      .when({ name: "Submit", jobId: sampleJobId, spec })
      .then(
        JobSubmitted.of({
          jobId: sampleJobId,
          spec,
          version: 1,
          queueUntil: sampleAt + 5000,
          totalUntil: sampleAt + 60_000,
        }),
      );
  });
  it("completes at once when there is nothing to do", () => {
    const spec = sampleSpec({ count: 0 });
    givenJob().when({ name: "Submit", jobId: sampleJobId, spec }).thenKinds("JobSubmitted", "JobCompleted");
  });
  it("is refused for an existing id, and for a type that this release does not run", () => {
    givenJob(submitted()).when({ name: "Submit", jobId: sampleJobId, spec: sampleSpec() }).refused("JOB_EXISTS");
    const spec = { ...sampleSpec(), type: "daemon" } as const;
    const decide = jobDecider(registry<JobType>("job type", [batch]));
    expect(decide(undefined, { name: "Submit", jobId: sampleJobId, spec }, sampleAt)).toMatchObject({
      rejection: { code: "INVALID_SPEC", why: 'job type "daemon" is not supported; supported types: batch' },
    });
  });
});

describe("placing", () => {
  it("assigns and starts the job", () => {
    const answers = [{ nodeId: "n-one", accepted: true, score: 1 }];
    const { decision } = givenJob(submitted()).when({ name: "Place", places: [place("n-one")], answers });
    expect(decision).toMatchObject({
      ok: true,
      events: [
        { type: "ExecutionAssigned", data: { executionId: first, nodeId: "n-one", attempt: 1, answers } },
        { type: "JobStarted" },
      ],
    });
  });
  it("ignores a partition that needs no placement", () => {
    givenJob(...running)
      .when({ name: "Place", places: [place("n-two")], answers: [] })
      .then();
    givenJob(submitted())
      .when({ name: "Place", places: [place("n-two", 1)], answers: [] })
      .then();
  });
  it("is refused once the job has ended", () => {
    givenJob(submitted(), JobStopped.of({ why: "enough" }))
      .when({ name: "Place", places: [place("n-one")], answers: [] })
      .refused("ILLEGAL_TRANSITION");
  });
  it("has the previous attempt when it places a retry", () => {
    const lost = ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt });
    const { decision } = givenJob(...running, lost).when({ name: "Place", places: [place("n-two")], answers: [] });
    expect(decision).toMatchObject({
      ok: true,
      events: [
        { type: "ExecutionAssigned", data: { executionId: sampleExecutionId(0, 2), attempt: 2, previous: first } },
      ],
    });
  });
  it("has no effect before the time of the retry", () => {
    const lost = ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt + 10 });
    givenJob(...running, lost)
      .when({ name: "Place", places: [place("n-two")], answers: [] })
      .then();
  });
  it("refuses a second placement of the same partition", () => {
    givenJob(submitted())
      .when({ name: "Place", places: [place("n-one"), place("n-two")], answers: [] })
      .refused("ILLEGAL_TRANSITION");
  });
});

describe("waiting", () => {
  const wait = { name: "Wait", slots: ["0"], why: "no room", answers: [], never: false } as const;
  it("records the same reason once", () => {
    givenJob(submitted())
      .when(wait)
      .then(JobQueued.of({ why: "no room", answers: [] }));
    givenJob(submitted(), JobQueued.of({ why: "no room", answers: [] }))
      .when(wait)
      .then();
  });
  it("records which slots wait beside running ones, and nothing when none waits", () => {
    givenJob(...running)
      .when(wait)
      .then();
    const partly = [submitted(3), assigned("n-one", 1), JobStarted.of({})];
    const waits = { ...wait, slots: ["0", "1", "2"] } as const;
    const noted = SlotsQueued.of({ slots: ["0", "2"], why: "no room", answers: [] });
    givenJob(...partly)
      .when(waits)
      .then(noted);
    expect(givenJob(...partly, noted).state?.header).toEqual(givenJob(...partly).state?.header);
  });
  it("records one reason once, others once a minute, and the same one after a placement", () => {
    const partly = [submitted(3), assigned("n-one", 1), JobStarted.of({})];
    const noted = SlotsQueued.of({ slots: ["0", "2"], why: "no room", answers: [] });
    const deferred = sampleAt + jobLimits.waitReportedMs;
    givenJob(...partly, noted)
      .when(wait, deferred)
      .then();
    const other = { ...wait, why: "no answer" };
    givenJob(...partly, noted)
      .when(other, deferred - 1)
      .then();
    givenJob(...partly, noted)
      .when(other, deferred)
      .thenKinds("SlotsQueued");
    givenJob(...partly, noted, assigned("n-one", 2))
      .when(wait, deferred)
      .thenKinds("SlotsQueued");
  });
  it("fails when no node can ever run it and it has no queue timeout", () => {
    givenJob(submitted())
      .when({ ...wait, never: true })
      .thenKinds("JobFailed");
    const spec = sampleSpec();
    const patient = JobSubmitted.of({ jobId: sampleJobId, spec, version: 1, queueUntil: sampleAt + 10 });
    givenJob(patient)
      .when({ ...wait, never: true })
      .thenKinds("JobQueued");
  });
  it("continues when nodes that fit have disconnected", () => {
    const queued = JobQueued.of({ why: "no room", answers: [] });
    const gone = { ...wait, never: true, why: "no node is connected" };
    givenJob(submitted(), queued).when(gone).then();
    givenJob(submitted(), queued)
      .when(gone, sampleAt + jobLimits.waitReportedMs)
      .then(JobQueued.of({ why: "no node is connected", answers: [] }));
  });
  it("records the reason once a minute at most, and not while only numbers change", () => {
    const queued = JobQueued.of({ why: "needs 2 cores, 1 is free", answers: [] });
    const deferred = sampleAt + jobLimits.waitReportedMs;
    givenJob(submitted(), queued)
      .when({ ...wait, why: "needs 2 cores, 0 is free" }, deferred)
      .then();
    givenJob(submitted(), queued)
      .when({ ...wait, why: "no answer" }, deferred - 1)
      .then();
    givenJob(submitted(), queued)
      .when({ ...wait, why: "no answer" }, deferred)
      .thenKinds("JobQueued");
  });
});

describe("reports", () => {
  it("start, publish and complete", () => {
    givenJob(submitted(), assigned("n-one"), JobStarted.of({}))
      .when(summary({ kind: "running", startedAt: sampleAt }))
      .then(ExecutionStarted.of({ ...started.data, report: 1 }));
    givenJob(...running)
      .when(summary({ kind: "publishing", startedAt: sampleAt }))
      .thenKinds("ExecutionPublishing");
    givenJob(...running)
      .when(summary(done))
      .then(ExecutionCompleted.of({ ...completed().data, report: 1 }), JobCompleted.of({}));
  });
  it("imply the earlier ones that were lost", () => {
    givenJob(submitted(), assigned("n-one"), JobStarted.of({}))
      .when(summary(done))
      .thenKinds("ExecutionStarted", "ExecutionCompleted", "JobCompleted");
  });
  it("have no effect when repeated", () => {
    givenJob(...running)
      .when(summary({ kind: "running", startedAt: sampleAt }))
      .then();
  });
  it("record what an execution got on its node, whichever of them shows its start", () => {
    const runtime = { image: "held@sha256:1" };
    const begun = ExecutionStarted.of({ ...started.data, report: 1, runtime });
    const history = [submitted(), assigned("n-one"), JobStarted.of({})];
    givenJob(...history)
      .when(summary({ kind: "running", startedAt: sampleAt, runtime }))
      .then(begun);
    givenJob(...history)
      .when(summary({ ...done, runtime }))
      .then(begun, ExecutionCompleted.of({ ...completed().data, report: 1 }), JobCompleted.of({}));
  });

  it("are recorded by number, and a recorded number has no effect", () => {
    const numbered = (saw: Parameters<typeof sampleReport>[0], number: number) => ({
      ...summary(saw),
      report: sampleReport(saw, number),
    });
    const history = [submitted(), assigned("n-one"), JobStarted.of({})];
    givenJob(...history)
      .when(numbered({ kind: "running", startedAt: sampleAt }, 1))
      .then(ExecutionStarted.of({ executionId: first, startedAt: sampleAt, report: 1 }));
    const second = ExecutionPublishing.of({ executionId: first, publishBy: sampleAt + 1, report: 2 });
    for (const number of [1, 2])
      givenJob(...history, started, second)
        .when(numbered(done, number))
        .then();
    givenJob(...history, started, second)
      .when(numbered(done, 3))
      .then(ExecutionCompleted.of({ executionId: first, output: sampleOutput, report: 3 }), JobCompleted.of({}));
  });
  it("have no effect when repeated after the end, and later ones are refused", () => {
    const end = ExecutionCompleted.of({ executionId: first, output: sampleOutput, report: 3 });
    const over = givenJob(...running, end, JobCompleted.of({}));
    over.when({ ...summary(done), report: sampleReport(done, 3) }).then();
    over.when({ ...summary(done), report: sampleReport(done, 4) }).refused("ILLEGAL_TRANSITION");
  });
  it("are refused from a node that does not hold the execution, for an ended one, and for an unknown one", () => {
    givenJob(...running)
      .when(summary(done, "n-two"))
      .refused("NOT_YOURS");
    givenJob(...running, completed(), JobCompleted.of({}))
      .when(summary(done))
      .refused("ILLEGAL_TRANSITION");
    givenJob(...running)
      .when(summary(done, "n-one", "e-none"))
      .refused("EXECUTION_NOT_FOUND");
    givenJob().when(summary(done)).refused("JOB_NOT_FOUND");
  });
  it("do not complete the job before every partition is done", () => {
    const two = [submitted(2), assigned("n-one"), assigned("n-two", 1), JobStarted.of({})];
    givenJob(...two)
      .when(summary(done))
      .thenKinds("ExecutionStarted", "ExecutionCompleted");
  });
  it("of a failure lead to retries, first at once and then later, until attempts are exhausted", () => {
    const history: JobEvent[] = [submitted()];
    for (let attempt = 1; attempt <= batchRetries.failuresMax; attempt++) {
      history.push(assigned("n-one", 0, attempt));
      if (attempt === 1) history.push(JobStarted.of({}));
      const id = sampleExecutionId(0, attempt);
      const { decision } = givenJob(...history).when(summary(fails, "n-one", id));
      if (!decision.ok) expect.unreachable(decision.rejection.why);
      const [failed, end] = decision.events;
      if (failed?.type !== "ExecutionFailed") expect.unreachable(`found ${failed?.type}`);
      const waits = { 1: 0, 2: batchRetries.backoff.firstMs, 3: 2 * batchRetries.backoff.firstMs }[attempt];
      expect(failed.data.retryAt).toBe(waits === undefined ? undefined : sampleAt + waits);
      expect(end?.type).toBe(waits === undefined ? "JobFailed" : undefined);
      history.push(ExecutionFailed.of({ ...failed.data, retryAt: sampleAt }));
    }
  });
  it("of a stop without an order fail the execution, and retry it at once", () => {
    const why = "the node stopped it without an order";
    givenJob(...running)
      .when(summary({ kind: "stopped" }))
      .then(ExecutionFailed.of({ executionId: first, code: "STOPPED", why, retryAt: sampleAt, report: 1 }));
  });
  it("of a final failure end the job, and stop its other executions", () => {
    const two = [submitted(2), assigned("n-one"), assigned("n-two", 1), JobStarted.of({})];
    givenJob(...two)
      .when(summary({ ...fails, final: true }))
      .thenKinds("ExecutionFailed", "ExecutionsStopping", "JobFailed");
  });
});

describe("losing a node", () => {
  it("loses only its executions, and retries them at once", () => {
    const two = [submitted(2), assigned("n-one"), assigned("n-two", 1), JobStarted.of({})];
    givenJob(...two)
      .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
      .then(ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt }));
  });
  it("does not count against the task", () => {
    const history: JobEvent[] = [submitted()];
    for (let attempt = 1; attempt <= batchRetries.failuresMax + 1; attempt++) {
      history.push(assigned("n-one", 0, attempt));
      if (attempt === 1) history.push(JobStarted.of({}));
      givenJob(...history)
        .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
        .thenKinds("ExecutionsLost");
      history.push(ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt }));
    }
  });
});

describe("a node that restarts", () => {
  it("does not count against the task, at the time or later", () => {
    const history: JobEvent[] = [submitted()];
    for (let attempt = 1; attempt <= batchRetries.failuresMax; attempt++) {
      history.push(assigned("n-one", 0, attempt));
      if (attempt === 1) history.push(JobStarted.of({}));
      const executionId = sampleExecutionId(0, attempt);
      history.push(ExecutionFailed.of({ executionId, code: "NODE_RESTARTED", why: "it restarted", retryAt: sampleAt }));
    }
    history.push(assigned("n-one", 0, batchRetries.failuresMax + 1));
    givenJob(...history)
      .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
      .thenKinds("ExecutionsLost");
    givenJob(...history)
      .when(summary(fails, "n-one", sampleExecutionId(0, batchRetries.failuresMax + 1)))
      .thenKinds("ExecutionFailed");
  });
});
