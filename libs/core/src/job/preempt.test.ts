import type { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../testing/job-run.ts";
import { sampleAt, sampleJobId, sampleSpec } from "../testing/samples.ts";

/** A job of priority 40 with two placed slots. */
function running(type: JobSpec["type"] = "batch", attemptsLeft = 1): JobRun {
  const run = new JobRun();
  const [task] = sampleSpec().tasks;
  const retryPolicy = { maxAttempts: attemptsLeft, initialInterval: 1, maxInterval: 10, jitter: 0, retryOn: [] };
  const tasks = task === undefined ? [] : [{ ...task, retryPolicy }];
  run.give({ name: "Submit", jobId: sampleJobId, spec: { ...sampleSpec({ count: 2, priority: 40 }), type, tasks } });
  for (const slot of ["0", "1"]) {
    run.place(slot, "n-one");
    run.runs(slot);
  }
  return run;
}

const preempt = (run: JobRun, slots: readonly string[], priority = 50) =>
  run.give({
    name: "Preempt",
    executionIds: slots.map((slot) => run.live(slot).placement.executionId),
    by: { jobId: "j-high", priority },
  });

describe("a preempted execution", () => {
  it("stops with the reason, its slot is placed again at once, and the others continue", () => {
    for (const type of ["batch", "service"] as const) {
      const run = running(type);
      expect(preempt(run, ["0"])).toEqual(["ExecutionsStopping"]);
      expect([run.live("0").message, run.live("1").state]).toEqual([
        "preempted by job j-high of priority 50",
        "running",
      ]);
      expect(run.stops("0")).toEqual(["ExecutionStopped"]);
      expect(run.react().slots.map(({ slot }) => slot)).toEqual(["0"]);
    }
  });
  it("uses up no attempt, however often it happens", () => {
    const run = running();
    for (let count = 0; count < 30; count++) {
      preempt(run, ["0"]);
      run.stops("0");
      expect(run.react().slots.map(({ slot }) => slot)).toEqual(["0"]);
      run.place("0", "n-one");
      run.runs("0");
    }
    // A lost node leads to another attempt: only attempts that end by themselves are counted.
    expect(run.give({ name: "LoseNode", nodeId: "n-one", why: "gone" })).toEqual(["ExecutionsLost"]);
    expect(run.react().slots).toHaveLength(2);
  });
  it("is ordered to stop once", () => {
    const run = running();
    const order = {
      name: "Preempt",
      executionIds: [run.live("0").placement.executionId],
      by: { jobId: "j", priority: 50 },
    } as const;
    expect(run.give(order)).toEqual(["ExecutionsStopping"]);
    expect(run.give(order)).toEqual([]);
    run.stops("0");
    expect(run.give(order)).toEqual([]);
    run.give({ name: "Stop", why: "enough" });
    expect(run.give(order)).toEqual([]);
  });
  it("has a priority that is lower by ten", () => {
    const run = running();
    for (const priority of [40, 49]) expect(() => preempt(run, ["0"], priority)).toThrow("ILLEGAL_TRANSITION");
    expect(run.live("0").state).toBe("running");
  });
  it("has the priority of the version for which it was placed", () => {
    const run = running("service");
    run.give({ name: "Update", spec: { ...run.job.header.spec, priority: 0 }, force: true });
    expect(() => preempt(run, ["0"], 45)).toThrow("ILLEGAL_TRANSITION");
    expect(preempt(run, ["0"], 50)).toEqual(["ExecutionsStopping"]);
  });
  it("neither publishes nor is pinned to its node", () => {
    const run = running();
    run.report("0", { kind: "publishing", startedAt: sampleAt });
    expect(preempt(run, ["0"])).toEqual([]);
    const daemon = new JobRun();
    daemon.give({ name: "Submit", jobId: sampleJobId, spec: { ...sampleSpec(), type: "daemon" } });
    daemon.place("n-one");
    expect(preempt(daemon, ["n-one"])).toEqual([]);
  });
});
