import { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../testing/job-run.ts";
import { sampleInfo, sampleJobId } from "../testing/samples.ts";
import { jobLimits } from "./limits.ts";

const specOf = (priority: number, update: object = {}, over: object = {}): JobSpec =>
  JobSpec.parse({ type: "service", count: 3, priority, update, tasks: [{ engine: { type: "noop" } }], ...over });

/** A service whose three executions run. */
function running(): JobRun {
  const run = new JobRun();
  run.give({ name: "Submit", jobId: sampleJobId, spec: specOf(1) });
  for (const slot of ["0", "1", "2"]) {
    run.place(slot);
    run.runs(slot);
  }
  return run;
}

const update = (run: JobRun, spec: JobSpec) => run.give({ name: "Update", spec, force: false });

/** The execution stops, its successor is placed and runs. */
function replace(run: JobRun, slot: string): void {
  run.stops(slot);
  expect(run.react().slots).toContainEqual({ slot });
  run.place(slot);
  run.runs(slot);
}

describe("a rollout", () => {
  it("replaces one execution at a time, each after the one before has run for long enough", () => {
    const run = running();
    expect(update(run, specOf(2))).toEqual(["JobUpdated", "JobStarted"]);
    expect(run.versions()).toEqual(["0:1", "1:1", "2:1"]);
    for (const slot of ["0", "1", "2"]) {
      expect(run.act()).toEqual(["ExecutionsStopping"]);
      expect(run.versions()).toContain(`${slot}:-1`);
      expect(run.act()).toEqual([]);
      replace(run, slot);
      expect(run.act()).toEqual([]);
      // Time alone continues it: its owner sets a timer.
      expect(run.react().nextAt).toBe(run.live(slot).modifiedAt + 10_000);
      run.pass(9_999);
      expect(run.act()).toEqual([]);
      run.pass(1);
    }
    expect(run.act()).toEqual(["JobRolledOut"]);
    expect(run.versions()).toEqual(["0:2", "1:2", "2:2"]);
    expect(run.job).toMatchObject({ rollout: undefined, header: { state: "running", version: 2 } });
    expect(run.react()).toMatchObject({ slots: [], commands: [], nextAt: undefined });
  });
  it("replaces as many at a time as the strategy says", () => {
    const run = running();
    update(run, specOf(2, { maxParallel: 2, minHealthyTime: 0 }));
    run.act();
    expect(run.versions()).toEqual(["0:-1", "1:-1", "2:1"]);
    replace(run, "0");
    expect(run.act()).toEqual(["ExecutionsStopping"]);
    expect(run.versions()).toEqual(["0:2", "1:-1", "2:-1"]);
  });
  it("rolls back when an execution of the new version fails", () => {
    const run = running();
    update(run, specOf(2));
    run.act();
    run.stops("0");
    run.place("0");
    expect(run.fails("0", "ENGINE_FAILED", "no such image")).toEqual(["ExecutionFailed", "JobUpdated", "JobStarted"]);
    expect(run.job.header).toMatchObject({
      version: 3,
      spec: { priority: 1 },
      state: "running",
      message: "",
    });
    expect(run.job.versions.get(3)?.spec).toEqual(run.job.versions.get(1)?.spec);
    expect(run.react().slots).toEqual([{ slot: "0" }]);
    run.place("0");
    run.runs("0");
    // What still runs of the version that is restored stays.
    run.pass(10_000);
    expect(run.act()).toEqual(["JobRolledOut"]);
    expect(run.versions()).toEqual(["0:3", "1:1", "2:1"]);
  });
  it("rolls back when an execution of the new version exceeds its time limit", () => {
    const run = running();
    const tasks = [{ engine: { type: "noop" }, timeouts: { executionTimeout: 5 } }];
    update(run, specOf(2, {}, { tasks }));
    run.act();
    replace(run, "0");
    run.pass(5_000 + jobLimits.timeoutGraceMs);
    expect(run.act()).toEqual(["ExecutionFailed", "JobUpdated", "JobStarted"]);
    expect(run.job.header).toMatchObject({ version: 3, spec: { priority: 1 } });
  });
  it("halts when the version that is restored fails too, and when the strategy says so", () => {
    const run = running();
    update(run, specOf(2));
    run.act();
    run.stops("0");
    run.place("0");
    run.fails("0");
    run.place("0");
    expect(run.completes("0", 1)).toEqual(["ExecutionStarted", "ExecutionCompleted", "JobRolloutHalted"]);
    const other = running();
    update(other, specOf(2, { autoRevert: false }));
    other.act();
    other.stops("0");
    other.place("0");
    expect(other.fails("0", "ENGINE_FAILED", "no such image")).toEqual(["ExecutionFailed", "JobRolloutHalted"]);
    expect(other.job.header).toMatchObject({
      code: "ROLLOUT_FAILED",
      message: "version 2 failed; executions of version 1 continue: no such image",
    });
    other.pass(3_600_000);
    expect(other.act()).toEqual([]);
    expect(other.versions()).toEqual(["1:1", "2:1"]);
    expect(other.react().slots).toEqual([{ slot: "0" }]);
    expect(update(other, specOf(3))).toEqual(["JobUpdated", "JobStarted"]);
  });
  it("keeps the version before running when no node fits the new one", () => {
    const run = running();
    update(run, specOf(2));
    run.act();
    run.stops("0");
    const never = { name: "Wait", slots: ["0"], why: "no node has the engine", answers: [], never: true } as const;
    expect(run.give(never)).toEqual(["JobUpdated", "JobStarted"]);
    expect(run.versions()).toEqual(["1:1", "2:1"]);
    expect(run.job.header.spec.priority).toBe(1);
  });
  it("does not count a lost node against the new version", () => {
    const run = running();
    update(run, specOf(2));
    run.act();
    run.stops("0");
    run.place("0", "n-nine");
    run.give({ name: "LoseNode", nodeId: "n-nine", why: "node has disappeared" });
    expect(run.job.header.version).toBe(2);
    expect(run.react().slots).toEqual([{ slot: "0" }]);
  });
  it("replaces a slot without a running execution at once", () => {
    const run = running();
    run.fails("2");
    update(run, specOf(2));
    expect(run.react().slots).toEqual([{ slot: "2" }]);
    // It is the one that is being replaced.
    expect(run.act()).toEqual([]);
  });
  it("restores the last version that was rolled out when updates follow each other", () => {
    const run = running();
    update(run, specOf(2));
    update(run, specOf(3));
    run.act();
    run.stops("0");
    run.place("0");
    run.fails("0");
    expect(run.job.header).toMatchObject({ version: 4, spec: { priority: 1 } });
  });
  it("stops executions of partitions that the new version does not have", () => {
    const run = running();
    expect(update(run, specOf(2, {}, { count: 2 }))).toEqual(["JobUpdated", "ExecutionsStopping", "JobStarted"]);
    expect(run.versions()).toEqual(["0:1", "1:1", "2:-1"]);
  });
  it("goes through the nodes of a daemon, and does not wait for one that does not fit any more", () => {
    const nodes = ["n-1", "n-2"].map((nodeId) => sampleInfo(nodeId));
    const run = new JobRun({ nodes });
    const daemon = (priority: number, constraints: readonly object[] = []) =>
      specOf(priority, {}, { type: "daemon", count: 1, constraints });
    run.give({ name: "Submit", jobId: sampleJobId, spec: daemon(1) });
    for (const { nodeId } of nodes) {
      run.place(nodeId);
      run.runs(nodeId);
    }
    update(run, daemon(2, [{ key: "zone", operator: "=", values: ["b"] }]));
    run.act();
    run.stops("n-1");
    expect(run.react().slots).toEqual([]);
    expect(run.act()).toEqual([]);
    run.pass(10_000);
    expect(run.act()).toEqual(["ExecutionsStopping"]);
    run.stops("n-2");
    run.pass(10_000);
    expect(run.act()).toEqual(["JobRolledOut"]);
  });
});
