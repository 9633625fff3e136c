import type { JobSpec, NodeDrain } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { JobRun } from "../testing/job-run.ts";
import { sampleAt, sampleInfo, sampleJobId, sampleSpec } from "../testing/samples.ts";

const drain = (mode: NodeDrain["mode"], afterMs = 0): NodeDrain => ({ mode, until: sampleAt + afterMs, why: "" });

/** A job of a type, submitted while these nodes are connected. */
function jobOf(over: Partial<JobSpec>, task: Partial<JobSpec["tasks"][number]> = {}): JobRun {
  const base = sampleSpec({ count: over.count ?? 1 });
  const nodes = [sampleInfo("n-one"), sampleInfo("n-two")];
  const run = new JobRun({ nodes });
  const spec = { ...base, ...over, tasks: base.tasks.map((each) => ({ ...each, ...task })) };
  run.give({ name: "Submit", jobId: sampleJobId, spec });
  return run;
}

const slotsOf = (run: JobRun) => run.react().slots.map(({ slot }) => slot);

describe("a drained node", () => {
  it("finishes batch work until the deadline, and then the work is placed again", () => {
    const run = jobOf({ count: 2 });
    run.place("0", "n-one");
    run.place("1", "n-two");
    run.runs("0");
    run.drains.set("n-one", drain("finish", 60_000));
    expect(run.react()).toMatchObject({ commands: [], nextAt: sampleAt + 60_000 });
    run.pass(60_000);
    expect(run.act()).toEqual(["ExecutionsStopping"]);
    expect([run.live("0").message, run.live("1").state]).toEqual(["node is draining", "assigned"]);
    // Stopping is ordered once.
    expect(run.act()).toEqual([]);
    expect(run.stops("0")).toEqual(["ExecutionStopped"]);
    expect(slotsOf(run)).toEqual(["0"]);
  });
  it("does not count against the retries of a task: it is moved any number of times", () => {
    const run = jobOf({}, { retryPolicy: { ...retryPolicy, maxAttempts: 1 } });
    run.drains.set("n-one", drain("move"));
    for (let count = 0; count < 3; count++) {
      run.place("0", "n-one");
      run.runs("0");
      expect(run.act()).toEqual(["ExecutionsStopping"]);
      expect(run.stops("0")).toEqual(["ExecutionStopped"]);
      expect(slotsOf(run)).toEqual(["0"]);
    }
    expect(run.job.slots.get("0")?.failures).toBe(0);
  });
  it("keeps what publishes: its work is done", () => {
    const run = jobOf({});
    run.place("0", "n-one");
    run.report("0", { kind: "publishing", startedAt: sampleAt });
    run.drains.set("n-one", drain("move"));
    expect(run.act()).toEqual([]);
    expect(run.completes("0")).toContain("JobCompleted");
  });
  it("loses services at once, and they are placed on other nodes", () => {
    const run = jobOf({ type: "service" });
    run.place("0", "n-one");
    run.runs("0");
    run.drains.set("n-one", drain("finish", 60_000));
    expect(run.act()).toEqual(["ExecutionsStopping"]);
    run.stops("0");
    expect(slotsOf(run)).toEqual(["0"]);
  });
  it("runs no daemon until it gets work again", () => {
    const run = jobOf({ type: "daemon" });
    run.place("n-one");
    run.runs("n-one");
    run.drains.set("n-one", drain("finish", 60_000));
    run.nodes = [sampleInfo("n-two")];
    expect(run.act()).toEqual(["ExecutionsStopping"]);
    run.stops("n-one");
    expect(slotsOf(run)).toEqual(["n-two"]);
    run.drains.delete("n-one");
    run.nodes = [sampleInfo("n-one")];
    expect(slotsOf(run)).toEqual(["n-one"]);
  });
  it("fails an ops job that it does not finish by the deadline", () => {
    const run = jobOf({ type: "ops" });
    run.act();
    run.place("n-one");
    run.place("n-two");
    run.runs("n-one");
    run.drains.set("n-one", drain("finish", 5_000));
    run.pass(5_000);
    run.act();
    run.completes("n-two");
    expect(run.stops("n-one")).toEqual(["ExecutionStopped", "JobFailed"]);
    expect(run.job.header).toMatchObject({ code: "STOPPED", message: expect.stringContaining("node is draining") });
  });
  it("orders nothing about a job that has ended", () => {
    const run = jobOf({});
    run.place("0", "n-one");
    run.give({ name: "Stop", why: "enough" });
    run.drains.set("n-one", drain("move"));
    expect(run.act()).toEqual([]);
  });
});

const retryPolicy = { maxAttempts: 0, retryOn: [], initialInterval: 1, maxInterval: 60, jitter: 0 };
const patient = { disconnect: { lostAfter: 30, stopAfter: 0 } };

describe("an execution whose node is cut off", () => {
  it("is lost at once by default", () => {
    const run = jobOf({});
    run.place("0", "n-one");
    run.gone.add("n-one");
    expect(run.act()).toEqual(["ExecutionsLost"]);
  });
  it("waits for the node as long as its task allows, and is lost then", () => {
    const run = jobOf({}, patient);
    run.place("0", "n-one");
    run.runs("0");
    run.gone.add("n-one");
    expect(run.act()).toEqual(["ExecutionsDisconnected"]);
    expect([run.live("0").state, run.live("0").lostAt]).toEqual(["running", sampleAt + 30_000]);
    run.pass(29_999);
    expect([run.act(), slotsOf(run), run.react().nextAt]).toEqual([[], [], sampleAt + 30_000]);
    run.pass(1);
    expect(run.act()).toEqual(["ExecutionsLost"]);
    expect(slotsOf(run)).toEqual(["0"]);
  });
  it("continues when the node is back in time, and nothing replaces it", () => {
    const run = jobOf({}, patient);
    run.place("0", "n-one");
    run.runs("0");
    run.gone.add("n-one");
    run.act();
    run.pass(20_000);
    run.gone.delete("n-one");
    expect([run.act(), run.act()]).toEqual([["ExecutionsReconnected"], []]);
    expect([run.live("0").lostAt, run.live("0").message]).toEqual([undefined, ""]);
    // Each time it is cut off the patience begins again.
    run.gone.add("n-one");
    run.act();
    expect(run.live("0").lostAt).toBe(sampleAt + 50_000);
  });
  it("completes by a report that arrives before the node counts as back", () => {
    const run = jobOf({}, patient);
    run.place("0", "n-one");
    run.gone.add("n-one");
    run.act();
    expect(run.completes("0")).toContain("JobCompleted");
  });
  it("is lost at once when the node is rejected or deleted", () => {
    const run = jobOf({}, patient);
    run.place("0", "n-one");
    run.gone.add("n-one");
    run.act();
    run.removed.set("n-one", "node was rejected");
    expect(run.act()).toEqual(["ExecutionsLost"]);
    expect(run.job.ended.values().next().value?.message).toBe("node was rejected");
  });
  it("is lost at once when it is to stop: nothing is worth waiting for", () => {
    const run = jobOf({}, patient);
    run.place("0", "n-one");
    run.gone.add("n-one");
    run.act();
    run.give({ name: "Stop", why: "enough" });
    expect(run.act()).toEqual(["ExecutionsLost"]);
  });
  it("that the node has stopped by itself is placed again", () => {
    const run = jobOf({}, { disconnect: { lostAfter: 60, stopAfter: 5 } });
    run.place("0", "n-one");
    run.runs("0");
    expect(run.stops("0")).toEqual(["ExecutionFailed"]);
    expect(run.job.ended.values().next().value?.message).toMatch(/cut off for longer than the task allows/);
    expect(slotsOf(run)).toEqual(["0"]);
  });
});
