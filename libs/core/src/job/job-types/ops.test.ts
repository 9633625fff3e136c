import { JobSpec } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../../testing/job-run.ts";
import { sampleInfo, sampleJobId } from "../../testing/samples.ts";
import { jobTypeContract } from "./contract.ts";
import { ops } from "./ops.ts";

const nodes = ["n-one", "n-two", "n-three"].map((nodeId) => sampleInfo(nodeId));

function submitted(task: Readonly<Record<string, unknown>> = {}): JobRun {
  const run = new JobRun({ nodes });
  const spec = JobSpec.parse({ type: "ops", tasks: [{ engine: { type: "noop" }, ...task }] });
  run.give({ name: "Submit", jobId: sampleJobId, spec });
  return run;
}

describe("an ops job", () => {
  it("runs once on each node that fits when it is submitted, and not on those that join later", () => {
    const run = submitted();
    expect(run.act()).toEqual(["JobTargeted"]);
    run.nodes = [...nodes, sampleInfo("n-four")];
    expect(run.react().slots.map(({ pinnedTo }) => pinnedTo)).toEqual(["n-one", "n-two", "n-three"]);
    for (const { nodeId } of nodes) run.place(nodeId);
    for (const { nodeId } of nodes) run.completes(nodeId);
    expect(run.job.header.state).toBe("completed");
  });
  it("waits until the requester knows the nodes", () => {
    const run = submitted();
    run.isSettled = false;
    run.nodes = nodes.slice(0, 1);
    expect(run.act()).toEqual([]);
    run.isSettled = true;
    run.nodes = nodes;
    run.act();
    expect(run.job.targets).toEqual(["n-one", "n-two", "n-three"]);
  });
  it("fails at once without a node that fits, unless it may wait for one", () => {
    const run = submitted();
    run.nodes = [];
    expect(run.act()).toEqual(["JobFailed"]);
    expect(run.job.header).toMatchObject({
      code: "NO_NODE_FITS",
      message: "not matching nodes to run job out of 0 available nodes",
    });
    const patient = submitted({ timeouts: { queueTimeout: 60 } });
    patient.nodes = [];
    expect(patient.act()).toEqual(["JobQueued"]);
    expect(patient.act()).toEqual([]);
    patient.nodes = nodes;
    expect(patient.act()).toEqual(["JobTargeted"]);
  });
  it("fails when all executions have ended and one of them has failed, without a retry", () => {
    const run = submitted();
    run.act();
    for (const { nodeId } of nodes) run.place(nodeId);
    expect(run.fails("n-two", "ENGINE_FAILED", "no docker")).toEqual(["ExecutionFailed"]);
    run.completes("n-one");
    run.give({ name: "LoseNode", nodeId: "n-three", why: "node has disappeared" });
    expect(run.job.header).toMatchObject({
      state: "failed",
      message: "Job failed because one or more executions failed. n-two: no docker",
    });
  });
  it("retries on the same node as its retry policy says", () => {
    const run = submitted({ retryPolicy: { maxAttempts: 2 } });
    run.act();
    run.place("n-one");
    run.fails("n-one");
    expect(run.react().slots.map(({ slot }) => slot)).toContain("n-one");
    expect(run.place("n-one")).toEqual(["ExecutionAssigned"]);
  });
  it("leaves out a node that refuses for good, and fails when every node does", () => {
    const run = submitted();
    run.act();
    run.place("n-one");
    const refused = (slot: string) =>
      run.give({ name: "Wait", slots: [slot], why: `${slot} takes no such job`, answers: [], never: true });
    expect(refused("n-two")).toEqual(["JobTargeted"]);
    expect(run.job.targets).toEqual(["n-one", "n-three"]);
    expect(refused("n-three")).toEqual(["JobTargeted"]);
    run.completes("n-one");
    expect(run.job.header.state).toBe("completed");
    const alone = submitted();
    alone.act();
    alone.give({ name: "Wait", slots: nodes.map(({ nodeId }) => nodeId), why: "no", answers: [], never: true });
    expect(alone.job.header).toMatchObject({ state: "failed", code: "NO_NODE_FITS" });
  });
  it("leaves out a node that is gone before it has begun", () => {
    const run = submitted();
    run.act();
    run.place("n-one");
    run.place("n-two");
    run.gone.add("n-three");
    expect(run.act()).toEqual(["JobTargeted"]);
    run.completes("n-one");
    run.completes("n-two");
    expect(run.job.header.state).toBe("completed");
  });
  it("does not fail by a refusal of the version before, when a new one has chosen no nodes so far", () => {
    const run = submitted();
    run.act();
    run.place("n-one");
    run.gone.add("n-two");
    const late = run.react().commands;
    run.give({ name: "Rerun", version: 0, why: "again" });
    expect(late.flatMap((command) => run.give(command))).toEqual([]);
    expect(run.act()).toEqual(["JobTargeted"]);
  });
  it("runs on the nodes of the moment when it is run again", () => {
    const run = submitted();
    run.act();
    for (const { nodeId } of nodes) run.place(nodeId);
    for (const { nodeId } of nodes) run.completes(nodeId);
    run.nodes = nodes.slice(0, 1);
    expect(run.give({ name: "Rerun", version: 0, why: "again" })).toEqual(["JobUpdated"]);
    expect(run.act()).toEqual(["JobTargeted"]);
    run.place("n-one");
    run.completes("n-one");
    expect(run.job.header).toMatchObject({ state: "completed", version: 2 });
  });
});

jobTypeContract(ops, () => {
  const run = submitted();
  const jobs = [run.job];
  run.act();
  jobs.push(run.job);
  run.place("n-one");
  jobs.push(run.job);
  run.fails("n-one");
  return [...jobs, run.job];
});
