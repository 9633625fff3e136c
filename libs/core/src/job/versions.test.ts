import {
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionStarted,
  ExecutionsLost,
  executionIdOf,
  JobStarted,
  JobSubmitted,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
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
import { assignments } from "../views/assignments.ts";
import { entries } from "../views/view.ts";
import { decideJob } from "./decide.ts";
import { executionEntity } from "./entity.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import { countsOf, executionOf, executionsOf, type Job, latestOf } from "./job.ts";
import { jobKind } from "./kind.ts";
import { jobLimits } from "./limits.ts";

const world = { isGone: () => false, nodes: () => [], settled: () => true };
const specs = [1, 2].map((version) => ({
  ...sampleSpec({ count: 2, params: { version }, timeouts: { executionTimeout: version } }),
}));
const [spec = sampleSpec(), changed = sampleSpec()] = specs;
const submitted = JobSubmitted.of({ jobId: sampleJobId, spec, version: 1 });
const place = (slot: string) => ({ slot, nodeId: "n-two", askId: "a", resources: sampleResources });
const assigned = (slot: string, attempt = 1): JobEvent => sampleAssigned({ slot, attempt });

/** A job after these events, with a second version. */
function updated(...history: readonly JobEvent[]): Job {
  const { state } = givenJob(...history);
  if (state === undefined) throw new Error("no job");
  const header = { ...state.header, spec: changed, version: 2 };
  return { ...state, header, versions: new Map(state.versions).set(2, { version: 2, spec: changed, at: sampleAt }) };
}

function decided(job: Job, command: Parameters<typeof decideJob>[1]): Job {
  const decision = decideJob(job, command, sampleAt);
  if (!decision.ok) throw new Error(decision.rejection.why);
  return decision.events.reduce<Job>(
    (state, event) => evolveJob(state, event, { at: sampleAt, seq: 9 }) ?? expect.unreachable(event.type),
    job,
  );
}

describe("a job with two versions", () => {
  const job = decided(updated(submitted, assigned("0"), JobStarted.of({})), {
    name: "Place",
    places: [place("1")],
    answers: [],
  });
  const second = executionIdOf({ jobId: sampleJobId, version: 2, slot: "1", attempt: 1 });

  it("assigns each execution with the spec of the version that it was created for", () => {
    const shown = entries(assignments, job).map(({ value }) => [
      value["version"],
      value["task"],
      value["timeoutMs"],
      value["slot"],
    ]);
    expect(shown).toEqual([
      [1, spec.tasks[0], 1000, "0"],
      [2, changed.tasks[0], 2000, "1"],
    ]);
  });
  it("limits each execution by the version that it was created for", () => {
    for (const [executionId, nodeId, timeoutMs] of [
      [sampleExecutionId(), "n-one", 1000],
      [second, "n-two", 2000],
    ] as const) {
      const report = sampleReport({ kind: "running", startedAt: 5 }, 1);
      const after = decided(job, { name: "Report", nodeId, executionId, report });
      expect(executionOf(after, executionId)?.deadlineAt).toBe(sampleAt + timeoutMs);
    }
  });
  it("shows the version of each execution", () => {
    expect(executionsOf(job).map((each) => executionEntity(job, each).jobVersion)).toEqual([1, 2]);
  });
  it("places a slot for the new version after any end of its old execution", () => {
    const executionId = sampleExecutionId();
    const ends: readonly JobEvent[] = [
      ExecutionFailed.of({ executionId, code: "TASK_INVALID", why: "never" }),
      ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt + 5_000 }),
    ];
    for (const end of ends) {
      const ended = updated(submitted, assigned("0"), JobStarted.of({}), end);
      expect(jobKind.react(ended, world, sampleAt).slots).toEqual([{ slot: "0" }, { slot: "1" }]);
      const rerun = latestOf(decided(ended, { name: "Place", places: [place("0")], answers: [] }), "0");
      expect(rerun?.placement).toMatchObject({ version: 2, attempt: 1, previous: executionId });
    }
  });
  it("is not completed by completions of an old version", () => {
    const done = [0, 1].flatMap((partition) => [
      assigned(`${partition}`),
      ExecutionStarted.of({ executionId: sampleExecutionId(partition), startedAt: 1 }),
      ExecutionCompleted.of({ executionId: sampleExecutionId(partition), output: sampleOutput }),
    ]);
    const old = updated(submitted, ...done, JobStarted.of({}));
    expect(decided(old, { name: "Tick" }).header.state).toBe("running");
    const { state: same } = givenJob(submitted, ...done, JobStarted.of({}));
    expect(same && decided(same, { name: "Tick" }).header.state).toBe("completed");
  });
});

describe("ended executions", () => {
  const lost = ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone", retryAt: sampleAt });
  const rounds = jobLimits.supersededStored + 50;
  const history = [submitted, assigned("1")];
  for (let attempt = 1; attempt <= rounds; attempt++) history.push(assigned("0", attempt), lost);
  const { state: job } = givenJob(...history);
  if (job === undefined) throw new Error("no job");

  it("that are superseded are stored up to a limit, then counted", () => {
    expect(job.superseded.size).toBe(jobLimits.supersededStored);
    expect(executionOf(job, sampleExecutionId(0, 1))).toBeUndefined();
    expect(executionOf(job, sampleExecutionId(0, 50))).toMatchObject({ next: sampleExecutionId(0, 51) });
    expect(countsOf(job)).toEqual({ assigned: 1, lost: rounds });
  });
  it("that are the last of their slot are always stored", () => {
    expect(latestOf(job, "0")?.placement.attempt).toBe(rounds);
    expect(latestOf(job, "1")?.state).toBe("assigned");
    expect(job.slots.get("0")).toMatchObject({ attempts: rounds, failures: 0, isLive: false });
    expect(job.failuresOn.get("n-one")).toBe(rounds);
  });
});
