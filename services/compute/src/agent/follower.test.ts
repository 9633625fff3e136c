import { describe, expect, it } from "vitest";
import { assignmentOf, testNodeId } from "../testing/assignments.ts";
import { createNodeBench, type NodeBench } from "../testing/node-bench.ts";

const hour = 3_600_000;
// A question is asked within 200 ms, and answered in two.
const answered = 300;
const forLong = { engine: { type: "noop", params: { RunSeconds: 3_600 } } };

const asked = ({ questions }: NodeBench) =>
  questions.map(({ executionId, isAssigned }) => ({ executionId, isAssigned }));
const startsOf = (bench: NodeBench, { executionId }: { readonly executionId: string }) =>
  bench.starts.get(executionId) ?? 0;
/** What was reported of an execution, each kind once: reports are repeated. */
const kindsOf = (bench: NodeBench, { executionId }: { readonly executionId: string }) => [
  ...new Set(bench.heard(executionId).map(({ kind }) => kind)),
];

describe("a fresh assignment", () => {
  it("is begun without a question", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf();
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    expect([startsOf(bench, assignment), bench.questions]).toEqual([1, []]);
  });

  it.each([
    ["a second ago by a clock that is right", 1_000, "begun"],
    ["half a minute ago", 30_000, "asked"],
    ["by a clock that is hours behind", 5 * hour, "asked"],
    ["by a clock that is a second ahead", -1_000, "begun"],
    ["by a clock that is hours ahead", -5 * hour, "asked"],
  ])("that was decided %s is %s before it is %s", async (_what, agoMs, fate) => {
    const bench = createNodeBench();
    await bench.boot();
    bench.setVerdict(() => undefined);
    const assignment = assignmentOf({ assignedAt: bench.sea.clock.now() - agoMs });
    bench.assign(assignment);
    await bench.sea.clock.advance(answered);
    const isBegun = fate === "begun";
    expect([startsOf(bench, assignment), bench.questions.length]).toEqual(isBegun ? [1, 0] : [0, 1]);
    bench.setVerdict(() => true);
    await bench.sea.clock.advance(5_000);
    expect(startsOf(bench, assignment)).toBe(1);
  });
});

describe("an assignment that comes with the first delivery of a watch", () => {
  it("is begun once a requester has confirmed it", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf();
    bench.assign(assignment);
    await bench.boot();
    expect(startsOf(bench, assignment)).toBe(1);
    expect(asked(bench)).toEqual([{ executionId: assignment.executionId, isAssigned: true }]);
  });

  it("is never begun when the log says that it does not hold", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf();
    bench.assign(assignment);
    bench.setVerdict(() => false);
    await bench.boot();
    await bench.sea.clock.advance(hour);
    expect([startsOf(bench, assignment), bench.questions.length]).toEqual([0, 1]);
  });

  it("waits while nobody answers, and is asked about again with growing pauses", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf();
    bench.assign(assignment);
    bench.setVerdict(() => undefined);
    await bench.boot();
    await bench.sea.clock.advance(10 * 60_000);
    expect(startsOf(bench, assignment)).toBe(0);
    // Ten minutes at a question every 15 to 30 seconds, and the quicker ones at the beginning.
    expect(bench.questions.length).toBeGreaterThan(20);
    expect(bench.questions.length).toBeLessThan(50);
    bench.setVerdict(() => true);
    await bench.sea.clock.advance(30_000 + answered);
    expect(startsOf(bench, assignment)).toBe(1);
  });

  it("is asked about in batches", async () => {
    const bench = createNodeBench({ settings: { slotsMax: 200 } });
    const count = 150;
    const all = Array.from({ length: count }, (_, index) => assignmentOf({ partition: { index, count } }));
    for (const each of all) bench.assign({ ...each, resources: { ...each.resources, cpuCores: 0, memoryBytes: 0 } });
    const sizes: number[] = [];
    bench.sea.market.confirmers.splice(0, 1, (_nodeId, { executions }, reply) => {
      sizes.push(executions.length);
      reply({ verdicts: executions.map(({ executionId }) => ({ executionId, holds: true, recordedUpTo: 0 })) });
    });
    await bench.boot();
    await bench.sea.clock.advance(1_000);
    expect(sizes).toEqual([64, 64, 22]);
    expect(bench.starts.size).toBe(count);
  });
});

describe("after an unclean end of the server", () => {
  it("a settled execution that comes back does not begin again", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf();
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    bench.unassign(assignment);
    await bench.sea.clock.advance(61_000);
    bench.setVerdict(() => false);
    bench.sea.views.assignments.revive(60_000);
    await bench.sea.clock.advance(hour);
    expect([startsOf(bench, assignment), bench.questions.length]).toEqual([1, 1]);
  });

  it("nor does one that comes back as a change that looks fresh", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf();
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    bench.unassign(assignment);
    await bench.sea.clock.advance(20);
    bench.setVerdict(() => false);
    bench.assign({ ...assignment, seq: assignment.seq + 1 });
    await bench.sea.clock.advance(answered);
    expect([startsOf(bench, assignment), bench.questions.length]).toEqual([1, 1]);
  });
});

describe("an assignment that is merely absent", () => {
  async function working() {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf({ task: forLong });
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    return { bench, assignment };
  }

  it("stops nothing while it is asked about, nor when it holds", async () => {
    const { bench, assignment } = await working();
    bench.setVerdict(() => undefined);
    bench.sea.views.assignments.drop();
    await bench.sea.clock.advance(60_000);
    expect(asked(bench)[0]).toEqual({ executionId: assignment.executionId, isAssigned: false });
    bench.setVerdict(() => true);
    await bench.sea.clock.advance(60_000);
    // The requester writes it again.
    bench.assign(assignment);
    await bench.sea.clock.advance(3_600_000);
    expect(kindsOf(bench, assignment)).toEqual(["running", "completed"]);
    expect(startsOf(bench, assignment)).toBe(1);
  });

  it("ends the work once the log says that it does not hold", async () => {
    const { bench, assignment } = await working();
    bench.setVerdict(() => false);
    bench.sea.views.assignments.drop();
    await bench.sea.clock.advance(answered);
    expect(bench.journal.size).toBe(0);
    await bench.sea.clock.advance(3_600_000);
    expect(kindsOf(bench, assignment)).toEqual(["running"]);
  });

  it("is asked about again while it holds and no assignment comes, and then ends", async () => {
    const { bench } = await working();
    bench.setVerdict(() => true);
    bench.sea.views.assignments.drop();
    await bench.sea.clock.advance(answered);
    // It ended while the requester was answering: what it wrote then was refused, and nothing is removed any more.
    bench.setVerdict(() => false);
    await bench.sea.clock.advance(30_000 + answered);
    expect([bench.questions.length, bench.journal.size]).toEqual([2, 0]);
  });

  it("is asked about again whenever all assignments are told again", async () => {
    const { bench } = await working();
    bench.setVerdict(() => true);
    bench.sea.views.assignments.drop();
    await bench.sea.clock.advance(answered);
    bench.sea.views.assignments.drop();
    await bench.sea.clock.advance(answered);
    expect(bench.questions).toHaveLength(2);
  });
});

describe("a node that starts with a journal", () => {
  async function restarted(jobType: string, verdict: (executionId: string) => boolean | undefined) {
    const bench = createNodeBench();
    const first = await bench.boot();
    const assignment = assignmentOf({ jobType, task: forLong });
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    first.kill();
    bench.setVerdict(verdict);
    return { bench, assignment };
  }

  it("keeps what has no assignment until it is confirmed, and goes on with it when the assignment is back", async () => {
    const { bench, assignment } = await restarted("batch", () => undefined);
    bench.sea.views.assignments.drop();
    await bench.boot();
    await bench.sea.clock.advance(60_000);
    expect(bench.journal.size).toBe(1);
    bench.assign(assignment);
    await bench.sea.clock.advance(answered);
    expect(bench.heard(assignment.executionId).at(-1)).toMatchObject({ kind: "failed", code: "NODE_RESTARTED" });
    expect(startsOf(bench, assignment)).toBe(1);
  });

  it("forgets what has no assignment once the log says that it does not hold", async () => {
    const { bench } = await restarted("batch", () => false);
    bench.sea.views.assignments.drop();
    await bench.boot();
    expect(bench.journal.size).toBe(0);
    expect(bench.questions).toMatchObject([{ isAssigned: false }]);
  });

  it("does not run a service once more before it is confirmed", async () => {
    const { bench, assignment } = await restarted("service", () => undefined);
    await bench.boot();
    await bench.sea.clock.advance(60_000);
    expect(startsOf(bench, assignment)).toBe(1);
    bench.setVerdict(() => true);
    await bench.sea.clock.advance(60_000);
    expect(startsOf(bench, assignment)).toBe(2);
  });

  it("does not forget a service that waits when its assignment is written again meanwhile", async () => {
    const { bench, assignment } = await restarted("service", () => undefined);
    await bench.boot();
    bench.assign({ ...assignment });
    await bench.sea.clock.advance(20);
    bench.setVerdict(() => true);
    await bench.sea.clock.advance(60_000);
    expect(startsOf(bench, assignment)).toBe(2);
  });

  it("ends what it went on with once the log says that it does not hold", async () => {
    const { bench, assignment } = await restarted("service", () => false);
    await bench.boot();
    await bench.sea.clock.advance(hour);
    expect([startsOf(bench, assignment), bench.journal.size]).toEqual([1, 0]);
    expect(bench.sea.views.assignments.get(`${testNodeId}.${assignment.executionId}`)).toBeDefined();
  });
});
