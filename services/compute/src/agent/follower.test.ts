import { describe, expect, it } from "vitest";
import { assignmentOf, testNodeId } from "../testing/assignments.ts";
import { createNodeHarness, type NodeHarness } from "../testing/node-harness.ts";

const hour = 3_600_000;
// A question is sent within 200 ms, and answered within two.
const answered = 300;
const forLong = { engine: { type: "noop", params: { RunSeconds: 3_600 } } };

const asked = ({ questions }: NodeHarness) =>
  questions.map(({ executionId, isAssigned }) => ({ executionId, isAssigned }));
const startsOf = (harness: NodeHarness, { executionId }: { readonly executionId: string }) =>
  harness.starts.get(executionId) ?? 0;
/** The reports of an execution, each kind once: reports are repeated. */
const kindsOf = (harness: NodeHarness, { executionId }: { readonly executionId: string }) => [
  ...new Set(harness.received(executionId).map(({ kind }) => kind)),
];

describe("a fresh assignment", () => {
  it("begins without a confirmation", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf();
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    expect([startsOf(harness, assignment), harness.questions]).toEqual([1, []]);
  });

  it.each([
    ["a second ago by a clock that is right", 1_000, "begun"],
    ["half a minute ago", 30_000, "asked"],
    ["by a clock that is hours behind", 5 * hour, "asked"],
    ["by a clock that is a second ahead", -1_000, "begun"],
    ["by a clock that is hours ahead", -5 * hour, "asked"],
  ])("that was decided %s is %s before it is %s", async (_what, agoMs, outcome) => {
    const harness = createNodeHarness();
    await harness.boot();
    harness.setVerdict(() => undefined);
    const assignment = assignmentOf({ assignedAt: harness.sim.clock.now() - agoMs });
    harness.assign(assignment);
    await harness.sim.clock.advance(answered);
    const isBegun = outcome === "begun";
    expect([startsOf(harness, assignment), harness.questions.length]).toEqual(isBegun ? [1, 0] : [0, 1]);
    harness.setVerdict(() => true);
    await harness.sim.clock.advance(5_000);
    expect(startsOf(harness, assignment)).toBe(1);
  });
});

describe("an assignment that is written again while it runs", () => {
  it("is neither confirmed nor begun a second time", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({ task: forLong });
    harness.assign(assignment);
    await harness.sim.clock.advance(60_000);
    harness.assign({ ...assignment, seq: assignment.seq + 1 });
    await harness.sim.clock.advance(answered);
    expect([startsOf(harness, assignment), harness.questions]).toEqual([1, []]);
  });
});

describe("an assignment that comes with the first delivery of a watch", () => {
  it("begins once a requester has confirmed it", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf();
    harness.assign(assignment);
    await harness.boot();
    expect(startsOf(harness, assignment)).toBe(1);
    expect(asked(harness)).toEqual([{ executionId: assignment.executionId, isAssigned: true }]);
  });

  it("never begins when the log does not assign it", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf();
    harness.assign(assignment);
    harness.setVerdict(() => false);
    await harness.boot();
    await harness.sim.clock.advance(hour);
    expect([startsOf(harness, assignment), harness.questions.length]).toEqual([0, 1]);
  });

  it("waits while no requester answers, with growing pauses between the questions", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf();
    harness.assign(assignment);
    harness.setVerdict(() => undefined);
    await harness.boot();
    await harness.sim.clock.advance(10 * 60_000);
    expect(startsOf(harness, assignment)).toBe(0);
    // Ten minutes with a question every 15 to 30 seconds, and shorter pauses at the beginning.
    expect(harness.questions.length).toBeGreaterThan(20);
    expect(harness.questions.length).toBeLessThan(50);
    harness.setVerdict(() => true);
    await harness.sim.clock.advance(30_000 + answered);
    expect(startsOf(harness, assignment)).toBe(1);
  });

  it("is confirmed in batches", async () => {
    const harness = createNodeHarness({ settings: { slotsMax: 200 } });
    const count = 150;
    const all = Array.from({ length: count }, (_, index) => assignmentOf({ partition: { index, count } }));
    for (const each of all) harness.assign({ ...each, resources: { ...each.resources, cpuCores: 0, memoryBytes: 0 } });
    const sizes: number[] = [];
    harness.sim.bidClient.confirmers.splice(0, 1, (_nodeId, { executions }, reply) => {
      sizes.push(executions.length);
      reply({ verdicts: executions.map(({ executionId }) => ({ executionId, holds: true, recordedUpTo: 0 })) });
    });
    await harness.boot();
    await harness.sim.clock.advance(1_000);
    expect(sizes).toEqual([64, 64, 22]);
    expect(harness.starts.size).toBe(count);
  });
});

describe("after an unclean end of the server", () => {
  it("a settled execution that reappears does not begin a second time", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf();
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    harness.unassign(assignment);
    await harness.sim.clock.advance(61_000);
    harness.setVerdict(() => false);
    harness.sim.views.assignments.revive(60_000);
    await harness.sim.clock.advance(hour);
    expect([startsOf(harness, assignment), harness.questions.length]).toEqual([1, 1]);
  });

  it("nor does one that reappears as a seemingly fresh change", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf();
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    harness.unassign(assignment);
    await harness.sim.clock.advance(20);
    harness.setVerdict(() => false);
    harness.assign({ ...assignment, seq: assignment.seq + 1 });
    await harness.sim.clock.advance(answered);
    expect([startsOf(harness, assignment), harness.questions.length]).toEqual([1, 1]);
  });
});

describe("an assignment that is absent without a removal", () => {
  async function working() {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({ task: forLong });
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    return { harness, assignment };
  }

  it("stops nothing before the verdict, nor when it is confirmed", async () => {
    const { harness, assignment } = await working();
    harness.setVerdict(() => undefined);
    harness.sim.views.assignments.drop();
    await harness.sim.clock.advance(60_000);
    expect(asked(harness)[0]).toEqual({ executionId: assignment.executionId, isAssigned: false });
    harness.setVerdict(() => true);
    await harness.sim.clock.advance(60_000);
    // The requester writes the entry a second time.
    harness.assign(assignment);
    await harness.sim.clock.advance(3_600_000);
    expect(kindsOf(harness, assignment)).toEqual(["running", "completed"]);
    expect(startsOf(harness, assignment)).toBe(1);
  });

  it("ends the workload once the log does not assign it", async () => {
    const { harness, assignment } = await working();
    harness.setVerdict(() => false);
    harness.sim.views.assignments.drop();
    await harness.sim.clock.advance(answered);
    expect(harness.journal.size).toBe(0);
    await harness.sim.clock.advance(3_600_000);
    expect(kindsOf(harness, assignment)).toEqual(["running"]);
  });

  it("is asked about repeatedly while it is confirmed without an assignment, and then ends", async () => {
    const { harness } = await working();
    harness.setVerdict(() => true);
    harness.sim.views.assignments.drop();
    await harness.sim.clock.advance(answered);
    // The execution ended while the requester was answering: its write was refused, and no removal follows.
    harness.setVerdict(() => false);
    await harness.sim.clock.advance(30_000 + answered);
    expect([harness.questions.length, harness.journal.size]).toEqual([2, 0]);
  });

  it("is asked about after each delivery of all assignments", async () => {
    const { harness } = await working();
    harness.setVerdict(() => true);
    harness.sim.views.assignments.drop();
    await harness.sim.clock.advance(answered);
    harness.sim.views.assignments.drop();
    await harness.sim.clock.advance(answered);
    expect(harness.questions).toHaveLength(2);
  });
});

describe("a node that starts with a journal", () => {
  async function restarted(jobType: string, verdict: (executionId: string) => boolean | undefined) {
    const harness = createNodeHarness();
    const first = await harness.boot();
    const assignment = assignmentOf({ jobType, task: forLong });
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    first.kill();
    harness.setVerdict(verdict);
    return { harness, assignment };
  }

  it("keeps an entry without an assignment until a verdict, and resumes it when the assignment is back", async () => {
    const { harness, assignment } = await restarted("batch", () => undefined);
    harness.sim.views.assignments.drop();
    await harness.boot();
    await harness.sim.clock.advance(60_000);
    expect(harness.journal.size).toBe(1);
    harness.assign(assignment);
    await harness.sim.clock.advance(answered);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({ kind: "failed", code: "NODE_RESTARTED" });
    expect(startsOf(harness, assignment)).toBe(1);
  });

  it("refuses an assignment that can no longer be read, under the next number", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf({ task: forLong });
    harness.assign(assignment);
    // Killed before it has reported anything.
    await harness.boot({ write: 1, when: "after" });
    const { executionId, jobId, namespace } = assignment;
    harness.sim.views.assignments.write(`${testNodeId}.${executionId}`, 2, { seq: 2, executionId, jobId, namespace });
    await harness.boot();
    await harness.sim.clock.advance(answered);
    expect(harness.reports(executionId)).toMatchObject([{ number: 1, saw: { kind: "failed", code: "TASK_INVALID" } }]);
  });

  it("forgets an entry without an assignment once the log does not assign it", async () => {
    const { harness } = await restarted("batch", () => false);
    harness.sim.views.assignments.drop();
    await harness.boot();
    expect(harness.journal.size).toBe(0);
    expect(harness.questions).toMatchObject([{ isAssigned: false }]);
  });

  it("does not restart a service before it is confirmed", async () => {
    const { harness, assignment } = await restarted("service", () => undefined);
    await harness.boot();
    await harness.sim.clock.advance(60_000);
    expect(startsOf(harness, assignment)).toBe(1);
    harness.setVerdict(() => true);
    await harness.sim.clock.advance(60_000);
    expect(startsOf(harness, assignment)).toBe(2);
  });

  it("keeps a waiting service when its assignment is rewritten", async () => {
    const { harness, assignment } = await restarted("service", () => undefined);
    await harness.boot();
    harness.assign({ ...assignment });
    await harness.sim.clock.advance(20);
    harness.setVerdict(() => true);
    await harness.sim.clock.advance(60_000);
    expect(startsOf(harness, assignment)).toBe(2);
  });

  it("ends a resumed execution once the log does not assign it", async () => {
    const { harness, assignment } = await restarted("service", () => false);
    await harness.boot();
    await harness.sim.clock.advance(hour);
    expect([startsOf(harness, assignment), harness.journal.size]).toEqual([1, 0]);
    expect(harness.sim.views.assignments.get(`${testNodeId}.${assignment.executionId}`)).toBeDefined();
  });
});
