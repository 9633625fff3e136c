import { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../../testing/job-run.ts";
import { sampleInfo, sampleJobId } from "../../testing/samples.ts";
import { jobLimits } from "../limits.ts";
import { jobTypeContract } from "./contract.ts";
import { daemon } from "./daemon.ts";
import { service } from "./service.ts";

const nodes = ["n-one", "n-two"].map((nodeId) => sampleInfo(nodeId));

function submitted(type: "service" | "daemon", over: Readonly<Record<string, unknown>> = {}): JobRun {
  const run = new JobRun({ nodes });
  const spec = JobSpec.parse({ type, tasks: [{ engine: { type: "noop" } }], ...over });
  run.give({ name: "Submit", jobId: sampleJobId, spec });
  return run;
}

describe("a service", () => {
  it("runs until it is stopped: an execution that completes is replaced", () => {
    const run = submitted("service", { count: 2 });
    run.place("0");
    run.place("1");
    expect(run.completes("0")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
    expect(run.job.header.state).toBe("running");
    expect(run.react().slots).toEqual([{ slot: "0" }]);
    run.give({ name: "Stop", why: "enough" });
    run.stops("1");
    expect(run.job.header.state).toBe("stopped");
    expect(run.react()).toEqual({ slots: [], effects: [], commands: [], nextAt: undefined });
  });
  it("waits longer before each replacement, up to five minutes, and not after a stable run", () => {
    const run = submitted("service");
    const pauses: number[] = [];
    const cycle = (ranMs: number) => {
      run.place("0");
      run.runs("0");
      run.pass(ranMs);
      run.fails("0");
      const { slots, nextAt } = run.react();
      const pause = slots.length > 0 ? 0 : (nextAt ?? 0) - (run.job.ended.values().next().value?.modifiedAt ?? 0);
      pauses.push(pause);
      run.pass(pause);
    };
    for (let end = 0; end < 12; end++) cycle(10);
    expect(pauses).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000));
    cycle(jobLimits.stableRunMs);
    cycle(10);
    expect(pauses.slice(-2)).toEqual([0, 0]);
  });
  it("is running with no execution when it is scaled to zero, and runs again when it is scaled up", () => {
    const run = submitted("service", { count: 0 });
    expect(run.job.header.state).toBe("running");
    expect(run.react().slots).toEqual([]);
    const spec = { ...run.job.header.spec, count: 1 };
    expect(run.give({ name: "Update", spec, force: false })).toEqual(["JobUpdated"]);
    expect(run.react().slots).toEqual([{ slot: "0" }]);
  });
  it("fails once its retry policy gives up, with the first cause", () => {
    const run = submitted("service", { tasks: [{ engine: { type: "noop" }, retryPolicy: { maxAttempts: 2 } }] });
    run.place("0");
    run.fails("0", "INPUT_UNAVAILABLE", "the bucket is private");
    run.place("0");
    expect(run.fails("0", "ENGINE_FAILED", "no input")).toEqual(["ExecutionFailed", "JobFailed"]);
    expect(run.job.header).toMatchObject({
      state: "failed",
      code: "INPUT_UNAVAILABLE",
      message:
        "Job failed because it has been retried too many times. First failure: the bucket is private; last: no input",
    });
  });
});

describe("a service whose retry policy gives up after completions", () => {
  it("counts each one: it was to run until it is stopped", () => {
    const run = submitted("service", { tasks: [{ engine: { type: "noop" }, retryPolicy: { maxAttempts: 3 } }] });
    for (const end of ["ExecutionCompleted", "ExecutionCompleted", "JobFailed"]) {
      run.pass(3_600_000);
      run.place("0");
      expect(run.completes("0").at(-1)).toBe(end);
    }
  });
  it("names the exit code", () => {
    const run = submitted("service", { tasks: [{ engine: { type: "noop" }, retryPolicy: { maxAttempts: 1 } }] });
    run.place("0");
    run.completes("0", 3);
    expect(run.job.header).toMatchObject({
      state: "failed",
      code: "TASK_EXITED",
      message: "execution completed unexpectedly with exit code 3",
    });
  });
});

describe("a daemon", () => {
  it("runs from its submission on, on every node that fits, and on those that join", () => {
    const run = submitted("daemon", { constraints: [{ key: "zone", operator: "=", values: ["a"] }] });
    expect(run.job.header.state).toBe("running");
    const pinned = (nodeId: string) => ({ slot: nodeId, pinnedTo: nodeId });
    expect(run.react().slots).toEqual([pinned("n-one"), pinned("n-two")]);
    run.place("n-one");
    run.nodes = [...nodes, sampleInfo("n-three"), { ...sampleInfo("n-four"), labels: { zone: "b" } }];
    expect(run.react().slots).toEqual([pinned("n-two"), pinned("n-three")]);
  });
  it("is not placed on a node that is gone, and again when the node is back", () => {
    const run = submitted("daemon");
    run.place("n-one");
    run.place("n-two");
    run.give({ name: "LoseNode", nodeId: "n-two", why: "node has disappeared" });
    run.nodes = nodes.slice(0, 1);
    expect(run.react().slots).toEqual([]);
    run.nodes = nodes;
    expect(run.react().slots).toEqual([{ slot: "n-two", pinnedTo: "n-two" }]);
    expect(run.job.header.state).toBe("running");
  });
  it("goes on when a node refuses it for good", () => {
    const run = submitted("daemon");
    run.place("n-one");
    run.give({ name: "Wait", slots: ["n-two"], why: "no host network here", answers: [], never: true });
    expect(run.job.header.state).toBe("running");
    expect(run.live("n-one").state).toBe("assigned");
  });
});

const inAllStates = (type: "service" | "daemon", slot: string) => () => {
  const run = submitted(type);
  const jobs = [run.job];
  for (const move of [() => run.place(slot), () => run.runs(slot), () => run.fails(slot)]) {
    move();
    jobs.push(run.job);
  }
  return jobs;
};
jobTypeContract(service, inAllStates("service", "0"));
jobTypeContract(daemon, inAllStates("daemon", "n-one"));
