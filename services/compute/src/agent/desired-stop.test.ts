import { describe, expect, it } from "vitest";
import type { Executor } from "../executors/executor.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeBench, type NodeBench, type NodeBenchOptions } from "../testing/node-bench.ts";
import { createSurvivor } from "../testing/survivor.ts";

const minute = 60_000;
const long = { engine: { type: "noop", params: { RunSeconds: 3_600 } } };

const numbered = (bench: NodeBench, { executionId }: { readonly executionId: string }) =>
  bench.reports(executionId).map(({ number, saw: { kind } }) => `${number} ${kind}`);

/** The same entry, which asks for the end. */
const stopping = (assignment: ReturnType<typeof assignmentOf>) => ({
  ...assignment,
  desired: "stop" as const,
  seq: assignment.seq + 1,
});

async function working(options: NodeBenchOptions = {}, task: typeof long | { engine: { type: string } } = long) {
  const bench = createNodeBench(options);
  const life = await bench.boot();
  const assignment = assignmentOf({ task });
  bench.assign(assignment);
  await bench.sea.clock.advance(20);
  return { bench, life, assignment };
}

describe("an assignment that asks for stop", () => {
  it("ends the work, gives its room back and reports that it is stopped until the entry goes", async () => {
    const { bench, assignment } = await working({ settings: { slotsMax: 1 } });
    bench.assign(stopping(assignment));
    await bench.sea.clock.advance(20);
    expect(numbered(bench, assignment)).toEqual(["1 running", "2 stopped"]);
    expect(bench.journal.get(assignment.executionId)).toMatchObject({ phase: "settled", report: { number: 2 } });
    const next = assignmentOf({ attempt: 2 });
    bench.assign(next);
    await bench.sea.clock.advance(20);
    expect(numbered(bench, next)).toEqual(["1 completed"]);
    await bench.sea.clock.advance(10 * minute);
    const repeated = numbered(bench, assignment).length;
    expect(repeated).toBeGreaterThanOrEqual(4);
    bench.unassign(stopping(assignment));
    await bench.sea.clock.advance(10 * minute);
    expect(numbered(bench, assignment)).toHaveLength(repeated);
    expect(bench.journal.has(assignment.executionId)).toBe(false);
  });

  it("is answered at once for an execution that the node never had, and nothing is begun", async () => {
    const bench = createNodeBench();
    await bench.boot();
    bench.setVerdict(() => undefined);
    const assignment = stopping(assignmentOf());
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    expect(numbered(bench, assignment)).toEqual(["1 stopped"]);
    expect(bench.starts.size).toBe(0);
  });

  it("is answered under a number that the log has not, by a node that has lost its memory", async () => {
    const bench = createNodeBench();
    bench.setRecorded(() => 3);
    const assignment = stopping(assignmentOf());
    bench.assign(assignment);
    await bench.boot();
    await bench.sea.clock.advance(500);
    expect(numbered(bench, assignment)).toEqual(["1 stopped", "4 stopped"]);
  });

  it("is answered with the end that the execution had", async () => {
    const { bench, assignment } = await working({}, { engine: { type: "noop" } });
    bench.assign(stopping(assignment));
    await bench.sea.clock.advance(20);
    expect(numbered(bench, assignment)).toEqual(["1 completed", "1 completed"]);
  });

  it("ends what waited to be confirmed", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf();
    bench.assign(assignment);
    bench.setVerdict(() => undefined);
    await bench.boot();
    bench.assign(stopping(assignment));
    await bench.sea.clock.advance(20);
    expect(numbered(bench, assignment)).toEqual(["1 stopped"]);
    bench.setVerdict(() => true);
    await bench.sea.clock.advance(minute);
    expect(bench.starts.size).toBe(0);
  });

  it("ends what an engine has kept running over a restart of the node", async () => {
    const engine = createSurvivor();
    const { bench, life, assignment } = await working(
      { executors: () => [engine.executor] },
      { engine: { type: "survivor" } },
    );
    life.kill();
    bench.assign(stopping(assignment));
    expect(engine.running()).toEqual([assignment.executionId]);
    await bench.boot();
    await bench.sea.clock.advance(50);
    expect(engine.running()).toEqual([]);
    expect(numbered(bench, assignment).at(-1)).toBe("2 stopped");
  });

  it("is no failure where nothing is left of the work after a restart of the node", async () => {
    const { bench, life, assignment } = await working();
    life.kill();
    bench.assign(stopping(assignment));
    await bench.boot();
    await bench.sea.clock.advance(50);
    expect(numbered(bench, assignment)).toEqual(["1 running", "2 stopped"]);
  });

  it("is reported by the node's next process when it dies on the way", async () => {
    const { bench, life, assignment } = await working();
    bench.assign(stopping(assignment));
    life.kill();
    await bench.boot();
    await bench.sea.clock.advance(50);
    expect(numbered(bench, assignment).at(-1)).toBe("2 stopped");
    expect(bench.starts.get(assignment.executionId)).toBe(1);
  });

  it("reports nothing before the work has ended, and tries again what an engine could not end", async () => {
    const engine = createSurvivor();
    let failures = 3;
    const stubborn: Executor = {
      ...engine.executor,
      start: async (work) => {
        const running = await engine.executor.start(work);
        const halt = async (graceMs: number) => {
          if (failures-- > 0) throw new Error("connect ENOENT /var/run/docker.sock");
          await running.halt(graceMs);
        };
        return { ...running, halt };
      },
    };
    const { bench, assignment } = await working({ executors: () => [stubborn] }, { engine: { type: "survivor" } });
    bench.assign(stopping(assignment));
    await bench.sea.clock.advance(11_000);
    expect(numbered(bench, assignment)).toEqual(["1 running"]);
    await bench.sea.clock.advance(5_000);
    expect([numbered(bench, assignment), engine.running()]).toEqual([["1 running", "2 stopped"], []]);
  });

  it("forgets what an engine cannot end once the entry goes", async () => {
    const engine = createSurvivor();
    const stubborn: Executor = {
      ...engine.executor,
      start: async (work) => ({
        ...(await engine.executor.start(work)),
        halt: () => Promise.reject(new Error("connect ENOENT /var/run/docker.sock")),
      }),
    };
    const { bench, assignment } = await working({ executors: () => [stubborn] }, { engine: { type: "survivor" } });
    bench.assign(stopping(assignment));
    await bench.sea.clock.advance(1_000);
    bench.unassign(stopping(assignment));
    await bench.sea.clock.advance(50);
    // Swept.
    expect([engine.running(), bench.journal.size]).toEqual([[], 0]);
  });
});
