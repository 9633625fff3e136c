import {
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionLost,
  ExecutionStarted,
  ExecutionStopped,
  JobCompleted,
  JobQueued,
  JobStarted,
  JobStopped,
  JobSubmitted,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenJob } from "../testing/given.ts";
import {
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleOutput,
  sampleReport,
  sampleResources,
  sampleSpec,
} from "../testing/samples.ts";
import type { JobEvent } from "./evolve.ts";
import { batchRetries } from "./job-types/batch.ts";
import { jobLimits } from "./limits.ts";

const submitted = (count = 1): JobEvent =>
  JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count }), version: 1 });
const assigned = (nodeId: string, partition = 0, attempt = 1): JobEvent =>
  ExecutionAssigned.of({
    executionId: sampleExecutionId(partition, attempt),
    partition,
    attempt,
    version: 1,
    nodeId,
    askId: `a-${partition}-${attempt}`,
    resources: sampleResources,
    ...(attempt === 1 ? {} : { previous: sampleExecutionId(partition, attempt - 1) }),
    answers: [],
  });
const first = sampleExecutionId();
const started = ExecutionStarted.of({ executionId: first, startedAt: sampleAt });
const completed = (partition = 0) =>
  ExecutionCompleted.of({ executionId: sampleExecutionId(partition), output: sampleOutput });
const running = [submitted(), assigned("n-one"), JobStarted.of({}), started];
const place = (nodeId: string, partition = 0) => ({
  partition,
  nodeId,
  askId: `a-${partition}-1`,
  resources: sampleResources,
});
const says = (saw: Parameters<typeof sampleReport>[0], nodeId = "n-one", executionId = first) =>
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
  it("is refused for an id that is taken, and for a type that nobody runs", () => {
    givenJob(submitted()).when({ name: "Submit", jobId: sampleJobId, spec: sampleSpec() }).refused("JOB_EXISTS");
    const spec = { ...sampleSpec(), type: "daemon" } as const;
    givenJob().when({ name: "Submit", jobId: sampleJobId, spec }).refused("INVALID_SPEC");
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
  it("does nothing for a partition that needs no place", () => {
    givenJob(...running)
      .when({ name: "Place", places: [place("n-two")], answers: [] })
      .then();
    givenJob(submitted())
      .when({ name: "Place", places: [place("n-two", 1)], answers: [] })
      .then();
  });
  it("is refused once the job is over", () => {
    givenJob(submitted(), JobStopped.of({ why: "enough" }))
      .when({ name: "Place", places: [place("n-one")], answers: [] })
      .refused("ILLEGAL_TRANSITION");
  });
  it("names the try before when it places a retry", () => {
    const lost = ExecutionLost.of({ executionId: first, code: "NODE_LOST", why: "gone", retryAt: sampleAt });
    const { decision } = givenJob(...running, lost).when({ name: "Place", places: [place("n-two")], answers: [] });
    expect(decision).toMatchObject({
      ok: true,
      events: [
        { type: "ExecutionAssigned", data: { executionId: sampleExecutionId(0, 2), attempt: 2, previous: first } },
      ],
    });
  });
  it("waits for the time of the retry", () => {
    const lost = ExecutionLost.of({ executionId: first, code: "NODE_LOST", why: "gone", retryAt: sampleAt + 10 });
    givenJob(...running, lost)
      .when({ name: "Place", places: [place("n-two")], answers: [] })
      .then();
  });
  it("finds a second placing of the same partition illegal rather than doing it", () => {
    givenJob(submitted())
      .when({ name: "Place", places: [place("n-one"), place("n-two")], answers: [] })
      .refused("ILLEGAL_TRANSITION");
  });
});

describe("waiting", () => {
  const wait = { name: "Wait", why: "no room", answers: [], never: false } as const;
  it("queues once for one reason", () => {
    givenJob(submitted())
      .when(wait)
      .then(JobQueued.of({ why: "no room", answers: [] }));
    givenJob(submitted(), JobQueued.of({ why: "no room", answers: [] }))
      .when(wait)
      .then();
  });
  it("says nothing while something of the job runs", () => {
    givenJob(...running)
      .when(wait)
      .then();
  });
  it("fails when no node could ever run it and it was not told to wait", () => {
    givenJob(submitted())
      .when({ ...wait, never: true })
      .thenKinds("JobFailed");
    const spec = sampleSpec();
    const patient = JobSubmitted.of({ jobId: sampleJobId, spec, version: 1, queueUntil: sampleAt + 10 });
    givenJob(patient)
      .when({ ...wait, never: true })
      .thenKinds("JobQueued");
  });
  it("goes on when nodes that fitted once are not there now", () => {
    const queued = JobQueued.of({ why: "no room", answers: [] });
    const gone = { ...wait, never: true, why: "nobody is there" };
    givenJob(submitted(), queued).when(gone).then();
    givenJob(submitted(), queued)
      .when(gone, sampleAt + jobLimits.waitToldMs)
      .then(JobQueued.of({ why: "nobody is there", answers: [] }));
  });
  it("leaves a line a minute at most about why, and none while only numbers change", () => {
    const queued = JobQueued.of({ why: "needs 2 cores, 1 is free", answers: [] });
    const later = sampleAt + jobLimits.waitToldMs;
    givenJob(submitted(), queued)
      .when({ ...wait, why: "needs 2 cores, 0 is free" }, later)
      .then();
    givenJob(submitted(), queued)
      .when({ ...wait, why: "no answer" }, later - 1)
      .then();
    givenJob(submitted(), queued)
      .when({ ...wait, why: "no answer" }, later)
      .thenKinds("JobQueued");
  });
});

describe("reports", () => {
  it("start, publish and complete", () => {
    givenJob(submitted(), assigned("n-one"), JobStarted.of({}))
      .when(says({ kind: "running", startedAt: sampleAt }))
      .then(started);
    givenJob(...running)
      .when(says({ kind: "publishing", startedAt: sampleAt }))
      .thenKinds("ExecutionPublishing");
    givenJob(...running)
      .when(says(done))
      .then(completed(), JobCompleted.of({}));
  });
  it("say all at once when the earlier ones were lost", () => {
    givenJob(submitted(), assigned("n-one"), JobStarted.of({}))
      .when(says(done))
      .thenKinds("ExecutionStarted", "ExecutionCompleted", "JobCompleted");
  });
  it("say nothing new when they are doubled", () => {
    givenJob(...running)
      .when(says({ kind: "running", startedAt: sampleAt }))
      .then();
  });
  it("are refused from a node that does not hold the execution, for one that is over, and for none", () => {
    givenJob(...running)
      .when(says(done, "n-two"))
      .refused("NOT_YOURS");
    givenJob(...running, completed(), JobCompleted.of({}))
      .when(says(done))
      .refused("ILLEGAL_TRANSITION");
    givenJob(...running)
      .when(says(done, "n-one", "e-none"))
      .refused("EXECUTION_NOT_FOUND");
    givenJob().when(says(done)).refused("JOB_NOT_FOUND");
  });
  it("do not complete the job before every partition is done", () => {
    const two = [submitted(2), assigned("n-one"), assigned("n-two", 1), JobStarted.of({})];
    givenJob(...two)
      .when(says(done))
      .thenKinds("ExecutionStarted", "ExecutionCompleted");
  });
  it("of a failure are tried again, first at once and then later, until the tries are used up", () => {
    const history: JobEvent[] = [submitted()];
    for (let attempt = 1; attempt <= batchRetries.failuresMax; attempt++) {
      history.push(assigned("n-one", 0, attempt));
      if (attempt === 1) history.push(JobStarted.of({}));
      const id = sampleExecutionId(0, attempt);
      const { decision } = givenJob(...history).when(says(fails, "n-one", id));
      if (!decision.ok) expect.unreachable(decision.rejection.why);
      const [failed, end] = decision.events;
      if (failed?.type !== "ExecutionFailed") expect.unreachable(`found ${failed?.type}`);
      const waits = { 1: 0, 2: batchRetries.backoffMs, 3: 2 * batchRetries.backoffMs }[attempt];
      expect(failed.data.retryAt).toBe(waits === undefined ? undefined : sampleAt + waits);
      expect(end?.type).toBe(waits === undefined ? "JobFailed" : undefined);
      history.push(ExecutionFailed.of({ ...failed.data, retryAt: sampleAt }));
    }
  });
  it("of a final failure end the job, and stop what else runs", () => {
    const two = [submitted(2), assigned("n-one"), assigned("n-two", 1), JobStarted.of({})];
    givenJob(...two)
      .when(says({ ...fails, final: true }))
      .thenKinds("ExecutionFailed", "ExecutionStopped", "JobFailed");
  });
});

describe("losing a node", () => {
  it("loses what it held and nothing else, and tries again at once", () => {
    const two = [submitted(2), assigned("n-one"), assigned("n-two", 1), JobStarted.of({})];
    givenJob(...two)
      .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
      .then(ExecutionLost.of({ executionId: first, code: "NODE_LOST", why: "gone", retryAt: sampleAt }));
  });
  it("does not count against the task", () => {
    const history: JobEvent[] = [submitted()];
    for (let attempt = 1; attempt <= batchRetries.failuresMax + 1; attempt++) {
      history.push(assigned("n-one", 0, attempt));
      if (attempt === 1) history.push(JobStarted.of({}));
      const executionId = sampleExecutionId(0, attempt);
      givenJob(...history)
        .when({ name: "LoseNode", nodeId: "n-one", why: "gone" })
        .thenKinds("ExecutionLost");
      history.push(ExecutionLost.of({ executionId, code: "NODE_LOST", why: "gone", retryAt: sampleAt }));
    }
  });
});

describe("a node that restarts", () => {
  it("does not count against the task, neither then nor later", () => {
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
      .thenKinds("ExecutionLost");
    givenJob(...history)
      .when(says(fails, "n-one", sampleExecutionId(0, batchRetries.failuresMax + 1)))
      .thenKinds("ExecutionFailed");
  });
});

describe("deadlines", () => {
  it("of the whole job fail it whatever runs", () => {
    const spec = sampleSpec({ timeouts: { totalTimeout: 10 } });
    const job = JobSubmitted.of({ jobId: sampleJobId, spec, version: 1, totalUntil: sampleAt + 10_000 });
    const history = [job, assigned("n-one"), JobStarted.of({})];
    givenJob(...history)
      .when({ name: "Tick" }, sampleAt + 9_999)
      .then();
    givenJob(...history)
      .when({ name: "Tick" }, sampleAt + 10_000)
      .thenKinds("ExecutionStopped", "JobFailed");
  });
  it("of the queue fail what still waits, and nothing that runs", () => {
    const spec = sampleSpec({ timeouts: { queueTimeout: 10 } });
    const job = JobSubmitted.of({ jobId: sampleJobId, spec, version: 1, queueUntil: sampleAt + 10_000 });
    givenJob(job)
      .when({ name: "Tick" }, sampleAt + 10_000)
      .thenKinds("JobFailed");
    givenJob(job, assigned("n-one"), JobStarted.of({}))
      .when({ name: "Tick" }, sampleAt + 10_000)
      .then();
  });
  it("of an execution leave the node time to say so itself", () => {
    const timed = ExecutionStarted.of({ executionId: first, startedAt: sampleAt, timeoutAt: sampleAt + 1000 });
    const history = [submitted(), assigned("n-one"), JobStarted.of({}), timed];
    const at = sampleAt + 1000 + jobLimits.timeoutGraceMs;
    givenJob(...history)
      .when({ name: "Tick" }, at - 1)
      .then();
    givenJob(...history)
      .when({ name: "Tick" }, at)
      .thenKinds("ExecutionFailed", "JobFailed");
  });
});

describe("stopping", () => {
  it("stops what runs, once", () => {
    givenJob(...running)
      .when({ name: "Stop", why: "enough" })
      .then(
        ExecutionStopped.of({ executionId: first, why: "Execution stop requested because job has been stopped" }),
        JobStopped.of({ why: "enough" }),
      );
    givenJob(submitted(), JobStopped.of({ why: "enough" }))
      .when({ name: "Stop", why: "again" })
      .then();
  });
  it("is refused when the job has ended otherwise, or never was", () => {
    givenJob(...running, completed(), JobCompleted.of({}))
      .when({ name: "Stop", why: "x" })
      .refused("ILLEGAL_TRANSITION");
    givenJob().when({ name: "Stop", why: "x" }).refused("JOB_NOT_FOUND");
  });
});
