import { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../testing/job-run.ts";
import { sampleJobId } from "../testing/samples.ts";
import { jobLimits } from "./limits.ts";

const specOf = (over: Readonly<Record<string, unknown>> = {}): JobSpec =>
  JobSpec.parse({ name: "web", type: "batch", tasks: [{ engine: { type: "noop" } }], ...over });

function submitted(over: Readonly<Record<string, unknown>> = {}): JobRun {
  const run = new JobRun();
  run.give({ name: "Submit", jobId: sampleJobId, spec: specOf(over) });
  return run;
}

describe("an update", () => {
  it("stops the executions of a batch job and places the new version's slots once they have stopped", () => {
    const run = submitted({ count: 2 });
    run.place("0");
    run.place("1");
    expect(run.give({ name: "Update", spec: specOf({ count: 3 }), force: false })).toEqual([
      "JobUpdated",
      "ExecutionsStopping",
    ]);
    expect(run.job.header).toMatchObject({ version: 2, state: "pending", message: "Job update requested by user" });
    expect(run.react().slots).toEqual([{ slot: "2" }]);
    run.stops("0");
    expect(run.react().slots).toEqual([{ slot: "0" }, { slot: "2" }]);
    run.place("0");
    expect(run.live("0").placement).toMatchObject({ version: 2, attempt: 1 });
  });
  it("refuses an unchanged spec without force, whatever the server added and however quantities are written", () => {
    const resources = (memory: string) => [{ engine: { type: "noop" }, resources: { memory } }];
    const run = submitted({ meta: { "bacalhau.org/requester.id": "r-1", team: "x" }, tasks: resources("512Mb") });
    const same = specOf({ meta: { "bacalhau.org/requester.id": "r-2", team: "x" }, tasks: resources("512mb") });
    expect(() => run.give({ name: "Update", spec: same, force: false })).toThrow("JOB_UNCHANGED: Job Name: 'web'");
    expect(run.give({ name: "Update", spec: same, force: true })).toEqual(["JobUpdated"]);
  });
  it("refuses another job type", () => {
    const update = { name: "Update", spec: specOf({ type: "ops" }), force: true } as const;
    expect(() => submitted().give(update)).toThrow("its type cannot become ops");
  });
  it("opens a job that has ended, with fresh attempts, failures and deadlines", () => {
    const run = submitted();
    for (let attempt = 0; attempt < 4; attempt++) {
      run.place("0");
      run.fails("0");
      run.pass(60_000);
    }
    expect(run.job.header.state).toBe("failed");
    const tasks = [{ engine: { type: "noop" }, timeouts: { queueTimeout: 5, totalTimeout: 30 } }];
    run.give({ name: "Update", spec: specOf({ tasks }), force: false });
    expect(run.job.failuresOn.size).toBe(0);
    run.place("0");
    run.fails("0");
    expect(run.react().slots).toEqual([{ slot: "0" }]);
    run.pass(31_000);
    run.act();
    expect(run.job.header).toMatchObject({ state: "failed", message: "Job timed out. Job took longer than 30s" });
  });
  it("waits for the first place of its version as long as its queue timeout says", () => {
    const run = submitted();
    run.place("0");
    run.completes("0");
    const tasks = [{ engine: { type: "noop" }, timeouts: { queueTimeout: 5 } }];
    run.give({ name: "Update", spec: specOf({ tasks }), force: false });
    run.pass(5_001);
    run.act();
    expect(run.job.header).toMatchObject({ state: "failed", code: "JOB_TIMED_OUT" });
  });
});

describe("a rerun", () => {
  it("runs the spec of any stored version as a new one", () => {
    const run = submitted({ priority: 1 });
    run.place("0");
    run.completes("0");
    run.give({ name: "Update", spec: specOf({ priority: 2 }), force: false });
    run.place("0");
    run.completes("0");
    expect(run.give({ name: "Rerun", version: 1, why: "again" })).toEqual(["JobUpdated"]);
    expect(run.job.header).toMatchObject({ version: 3, spec: { priority: 1 }, state: "pending" });
    run.place("0");
    run.completes("0");
    run.give({ name: "Rerun", version: 0, why: "again" });
    expect(run.job.header).toMatchObject({ version: 4, spec: { priority: 1 } });
  });
  it("is refused before the job has run, and for a version that is not stored", () => {
    const run = submitted();
    expect(() => run.give({ name: "Rerun", version: 0, why: "" })).toThrow("cannot rerun job in state pending");
    run.place("0");
    expect(() => run.give({ name: "Rerun", version: 7, why: "" })).toThrow(
      "VERSION_NOT_FOUND: job version 7 not found for job",
    );
  });
  it("drops the oldest versions beyond the limit, but none that still runs", () => {
    const run = submitted({ type: "service" });
    run.place("0");
    for (let version = 2; version <= jobLimits.versionsStored + 5; version++)
      run.give({ name: "Update", spec: specOf({ type: "service", priority: version }), force: false });
    expect(run.job.versions.size).toBe(jobLimits.versionsStored);
    expect([...run.job.versions.keys()].slice(0, 2)).toEqual([1, 7]);
  });
});

describe("an exit code other than 0", () => {
  const tasks = [{ engine: { type: "noop" }, failOnNonZeroExit: true }];
  it("is a failure that is retried, when the task says so", () => {
    const run = submitted({ tasks });
    run.place("0");
    expect(run.completes("0", 3)).toEqual(["ExecutionStarted", "ExecutionFailed"]);
    expect([...run.job.ended.values()][0]).toMatchObject({
      state: "failed",
      code: "TASK_EXITED",
      message: "the task ended with exit code 3",
      output: { exitCode: 3 },
    });
    run.place("0");
    expect(run.completes("0")).toEqual(["ExecutionStarted", "ExecutionCompleted", "JobCompleted"]);
  });
  it("completes the execution otherwise", () => {
    const run = submitted();
    run.place("0");
    expect(run.completes("0", 3)).toEqual(["ExecutionStarted", "ExecutionCompleted", "JobCompleted"]);
  });
});

describe("a retry policy", () => {
  const withPolicy = (retryPolicy: object) => submitted({ tasks: [{ engine: { type: "noop" }, retryPolicy }] });
  it("limits the attempts that fail because of the task, and no others", () => {
    const run = withPolicy({ maxAttempts: 1 });
    run.place("0");
    run.give({ name: "LoseNode", nodeId: "0", why: "node has disappeared" });
    expect(run.react().slots).toEqual([{ slot: "0" }]);
    run.place("0");
    expect(run.fails("0")).toEqual(["ExecutionFailed", "JobFailed"]);
  });
  it("retries only the failures that it names", () => {
    const run = withPolicy({ retryOn: ["EXECUTION_TIMED_OUT", "OUT_OF_MEMORY"] });
    run.place("0");
    run.report("0", { kind: "failed", code: "OUT_OF_MEMORY", why: "oom", final: true });
    run.place("0");
    expect(run.fails("0", "ENGINE_FAILED")).toEqual(["ExecutionFailed", "JobFailed"]);
  });
  it("sets the pauses, with a jitter that every requester computes alike", () => {
    const pausesOf = (jitter: number) => {
      const run = withPolicy({ maxAttempts: 9, initialInterval: 10, maxInterval: 25, jitter });
      const pauses: number[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        run.place("0");
        run.fails("0");
        const ended = [...run.job.ended.values()][0];
        const pause = (ended?.retryAt ?? 0) - (ended?.modifiedAt ?? 0);
        pauses.push(pause);
        run.pass(pause);
      }
      return pauses;
    };
    expect(pausesOf(0)).toEqual([0, 10_000, 20_000, 25_000, 25_000]);
    const jittered = pausesOf(0.5);
    expect(pausesOf(0.5)).toEqual(jittered);
    expect(new Set(jittered).size).toBe(5);
    for (const [index, pause] of jittered.entries()) {
      const full = [0, 10_000, 20_000, 25_000, 25_000][index] ?? 0;
      expect(pause).toBeGreaterThanOrEqual(full / 2);
      expect(pause).toBeLessThanOrEqual(full);
    }
  });
});
