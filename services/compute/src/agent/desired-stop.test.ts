import { describe, expect, it } from "vitest";
import type { Executor } from "../executors/executor.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness, type NodeHarness, type NodeHarnessOptions } from "../testing/node-harness.ts";
import { createSurvivor } from "../testing/survivor.ts";

const minute = 60_000;
const long = { engine: { type: "noop", params: { RunSeconds: 3_600 } } };

const numbered = (harness: NodeHarness, { executionId }: { readonly executionId: string }) =>
  harness.reports(executionId).map(({ number, saw: { kind } }) => `${number} ${kind}`);

/** The same entry with a stop request. */
const stopping = (assignment: ReturnType<typeof assignmentOf>) => ({
  ...assignment,
  desired: "stop" as const,
  seq: assignment.seq + 1,
});

async function working(options: NodeHarnessOptions = {}, task: typeof long | { engine: { type: string } } = long) {
  const harness = createNodeHarness(options);
  const life = await harness.boot();
  const assignment = assignmentOf({ task });
  harness.assign(assignment);
  await harness.sim.clock.advance(20);
  return { harness, life, assignment };
}

describe("an assignment that asks for stop", () => {
  it("ends the workload, releases its resources and reports that it is stopped until the entry is removed", async () => {
    const { harness, assignment } = await working({ settings: { slotsMax: 1 } });
    harness.assign(stopping(assignment));
    await harness.sim.clock.advance(20);
    expect(numbered(harness, assignment)).toEqual(["1 running", "2 stopped"]);
    expect(harness.journal.get(assignment.executionId)).toMatchObject({ phase: "settled", report: { number: 2 } });
    const next = assignmentOf({ attempt: 2 });
    harness.assign(next);
    await harness.sim.clock.advance(20);
    expect(numbered(harness, next)).toEqual(["1 completed"]);
    await harness.sim.clock.advance(10 * minute);
    const repeated = numbered(harness, assignment).length;
    expect(repeated).toBeGreaterThanOrEqual(4);
    harness.unassign(stopping(assignment));
    await harness.sim.clock.advance(10 * minute);
    expect(numbered(harness, assignment)).toHaveLength(repeated);
    expect(harness.journal.has(assignment.executionId)).toBe(false);
  });

  it("is answered at once for an unknown execution, which does not begin", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    harness.setVerdict(() => undefined);
    const assignment = stopping(assignmentOf());
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    expect(numbered(harness, assignment)).toEqual(["1 stopped"]);
    expect(harness.starts.size).toBe(0);
  });

  it("is answered under an unused number by a node that has lost its journal", async () => {
    const harness = createNodeHarness();
    harness.setRecorded(() => 3);
    const assignment = stopping(assignmentOf());
    harness.assign(assignment);
    await harness.boot();
    await harness.sim.clock.advance(500);
    expect(numbered(harness, assignment)).toEqual(["1 stopped", "4 stopped"]);
  });

  it("is answered with the end of the execution", async () => {
    const { harness, assignment } = await working({}, { engine: { type: "noop" } });
    harness.assign(stopping(assignment));
    await harness.sim.clock.advance(20);
    expect(numbered(harness, assignment)).toEqual(["1 completed", "1 completed"]);
  });

  it("ends an execution that waits for its confirmation", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf();
    harness.assign(assignment);
    harness.setVerdict(() => undefined);
    await harness.boot();
    harness.assign(stopping(assignment));
    await harness.sim.clock.advance(20);
    expect(numbered(harness, assignment)).toEqual(["1 stopped"]);
    harness.setVerdict(() => true);
    await harness.sim.clock.advance(minute);
    expect(harness.starts.size).toBe(0);
  });

  it("ends work that the engine kept running over a restart of the node", async () => {
    const engine = createSurvivor();
    const { harness, life, assignment } = await working(
      { executors: () => [engine.executor] },
      { engine: { type: "survivor" } },
    );
    life.kill();
    harness.assign(stopping(assignment));
    expect(engine.running()).toEqual([assignment.executionId]);
    await harness.boot();
    await harness.sim.clock.advance(50);
    expect(engine.running()).toEqual([]);
    expect(numbered(harness, assignment).at(-1)).toBe("2 stopped");
  });

  it("is not a failure when no workload is left after a restart of the node", async () => {
    const { harness, life, assignment } = await working();
    life.kill();
    harness.assign(stopping(assignment));
    await harness.boot();
    await harness.sim.clock.advance(50);
    expect(numbered(harness, assignment)).toEqual(["1 running", "2 stopped"]);
  });

  it("is reported by the node's next process after a crash", async () => {
    const { harness, life, assignment } = await working();
    harness.assign(stopping(assignment));
    life.kill();
    await harness.boot();
    await harness.sim.clock.advance(50);
    expect(numbered(harness, assignment).at(-1)).toBe("2 stopped");
    expect(harness.starts.get(assignment.executionId)).toBe(1);
  });

  it("reports only after the workload has ended, and retries what an engine could not end", async () => {
    const engine = createSurvivor();
    let failures = 3;
    const stubborn: Executor = {
      ...engine.executor,
      start: async (workload) => {
        const running = await engine.executor.start(workload);
        const halt = async (graceMs: number) => {
          if (failures-- > 0) throw new Error("connect ENOENT /var/run/docker.sock");
          await running.halt(graceMs);
        };
        return { ...running, halt };
      },
    };
    const { harness, assignment } = await working({ executors: () => [stubborn] }, { engine: { type: "survivor" } });
    harness.assign(stopping(assignment));
    await harness.sim.clock.advance(6_000);
    // The requester writes the entry a second time while the workload still runs.
    harness.assign({ ...stopping(assignment), seq: assignment.seq + 2 });
    await harness.sim.clock.advance(5_000);
    expect(numbered(harness, assignment)).toEqual(["1 running"]);
    await harness.sim.clock.advance(5_000);
    expect([numbered(harness, assignment), engine.running()]).toEqual([["1 running", "2 stopped"], []]);
  });

  it("forgets what an engine cannot end once the entry is removed", async () => {
    const engine = createSurvivor();
    const stubborn: Executor = {
      ...engine.executor,
      start: async (workload) => ({
        ...(await engine.executor.start(workload)),
        halt: () => Promise.reject(new Error("connect ENOENT /var/run/docker.sock")),
      }),
    };
    const { harness, assignment } = await working({ executors: () => [stubborn] }, { engine: { type: "survivor" } });
    harness.assign(stopping(assignment));
    await harness.sim.clock.advance(1_000);
    harness.unassign(stopping(assignment));
    await harness.sim.clock.advance(50);
    // Swept.
    expect([engine.running(), harness.journal.size]).toEqual([[], 0]);
  });
});
