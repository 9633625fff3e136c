import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Executor } from "./executors/executor.ts";
import { noop } from "./executors/noop.ts";
import type { Publisher } from "./publishers/publisher.ts";
import { assignmentOf } from "./testing/assignments.ts";
import { createNodeBench, type KillAt } from "./testing/node-bench.ts";
import { createSurvivor } from "./testing/survivor.ts";

const kinds = (saws: readonly { readonly kind: string }[]) => saws.map(({ kind }) => kind);
const at = (write: number, when: KillAt["when"]): KillAt => ({ write, when });

describe("a compute node", () => {
  it("runs what it is assigned, says so, and forgets it once the assignment goes", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { ExitCode: 3, Stdout: "hi" } } } });
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    const heard = bench.heard(assignment.executionId);
    expect(heard.at(-1)).toMatchObject({ kind: "completed", output: { exitCode: 3, stdout: "hi" } });
    expect(bench.journal.get(assignment.executionId)).toMatchObject({ phase: "settled" });
    bench.unassign(assignment);
    await bench.sea.clock.advance(20);
    expect(bench.journal.size).toBe(0);
    expect([...bench.sea.output.chunks.keys()]).toEqual([assignment.executionId]);
  });

  it("says running and completed of the same moment as one report", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf();
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["completed"]);
  });

  it("says running while a task takes its time", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 1 } } } });
    bench.assign(assignment);
    await bench.sea.clock.advance(500);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["running"]);
    await bench.sea.clock.advance(600);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["running", "completed"]);
  });

  it("does nothing on a disk for a task without inputs and results", async () => {
    const bench = createNodeBench();
    await bench.boot();
    bench.assign(assignmentOf({ task: { engine: { type: "noop", params: { Stdout: "hi" } } } }));
    await bench.sea.clock.advance(20);
    expect(bench.tree.size).toBe(0);
  });

  it("halts what runs when its assignment goes, and says nothing more", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 60 } } } });
    bench.assign(assignment);
    await bench.sea.clock.advance(50);
    bench.unassign(assignment);
    await bench.sea.clock.advance(120_000);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["running"]);
    expect(bench.journal.size).toBe(0);
  });

  it("ends a task whose time is up", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf({
      timeoutMs: 2_000,
      task: { engine: { type: "noop", params: { RunSeconds: 60 } } },
    });
    bench.assign(assignment);
    await bench.sea.clock.advance(1_900);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["running"]);
    await bench.sea.clock.advance(200);
    expect(bench.heard(assignment.executionId).at(-1)).toMatchObject({ code: "EXECUTION_TIMED_OUT", final: true });
  });

  it("ends a task that writes more than it may, and does not try it again", async () => {
    const bench = createNodeBench({ settings: { outputBytesMax: 5 } });
    await bench.boot();
    const assignment = assignmentOf({
      task: { engine: { type: "noop", params: { RunSeconds: 60, Stdout: "123456" } } },
    });
    bench.assign(assignment);
    await bench.sea.clock.advance(50);
    const report = bench.heard(assignment.executionId).at(-1);
    expect(report).toMatchObject({ code: "OUTPUT_TOO_LARGE", final: true, output: { stdout: "123456" } });
    expect(report).toMatchObject({ why: expect.stringContaining("more than 5 bytes") });
  });

  it("counts the time from the first start, over a restart of the node", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ executors: () => [engine.executor] });
    const first = await bench.boot();
    const assignment = assignmentOf({ timeoutMs: 2_000, task: { engine: { type: "survivor" } } });
    bench.assign(assignment);
    await bench.sea.clock.advance(1_500);
    first.kill();
    await bench.boot();
    await bench.sea.clock.advance(600);
    expect(bench.heard(assignment.executionId).at(-1)).toMatchObject({ code: "EXECUTION_TIMED_OUT" });
  });

  it("refuses what does not fit, for another node to try", async () => {
    const bench = createNodeBench({ settings: { slotsMax: 1 } });
    await bench.boot();
    const long = { engine: { type: "noop", params: { RunSeconds: 60 } } };
    const one = assignmentOf({ task: long, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task: long, partition: { index: 1, count: 2 } });
    bench.assign(one);
    await bench.sea.clock.advance(10);
    bench.assign(other);
    await bench.sea.clock.advance(50);
    expect(bench.heard(other.executionId)).toMatchObject([{ kind: "failed", code: "NO_CAPACITY", final: false }]);
    expect(kinds(bench.heard(one.executionId))).toEqual(["running"]);
  });

  it("gives the room back, and has the engine clear up, once it is done", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ settings: { slotsMax: 1 }, executors: () => [engine.executor] });
    await bench.boot();
    const task = { engine: { type: "survivor" } };
    const one = assignmentOf({ task, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task, partition: { index: 1, count: 2 } });
    bench.assign(one);
    await bench.sea.clock.advance(10);
    engine.end(one.executionId, { exitCode: 0 });
    await bench.sea.clock.advance(10);
    expect(engine.running()).toEqual([]);
    bench.assign(other);
    await bench.sea.clock.advance(10);
    expect(engine.running()).toEqual([other.executionId]);
  });

  it("asks no other engine to clear up than the one whose work is done", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ executors: (clock) => [engine.executor, noop(clock)] });
    await bench.boot();
    const sweptAtStart = engine.sweeps();
    const one = assignmentOf({ task: { engine: { type: "noop" } }, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task: { engine: { type: "Survivor" } }, partition: { index: 1, count: 2 } });
    bench.assign(one);
    await bench.sea.clock.advance(20);
    bench.unassign(one);
    await bench.sea.clock.advance(20);
    expect([kinds(bench.heard(one.executionId)), engine.sweeps() - sweptAtStart]).toEqual([["completed"], 0]);
    bench.assign(other);
    await bench.sea.clock.advance(20);
    engine.end(other.executionId, { exitCode: 0 });
    await bench.sea.clock.advance(20);
    expect([engine.running(), engine.sweeps() - sweptAtStart]).toEqual([[], 1]);
  });

  it("gives the room of what it halts back once that has ended, and not before", async () => {
    const halted = Promise.withResolvers<void>();
    const graces: number[] = [];
    const engine = createSurvivor();
    const slow: Executor = {
      ...engine.executor,
      sweep: async () => {},
      start: async (work) => {
        const running = await engine.executor.start(work);
        const halt = async (graceMs: number) => {
          graces.push(graceMs);
          await halted.promise;
          await running.halt(graceMs);
        };
        return { ...running, halt };
      },
    };
    const bench = createNodeBench({ settings: { slotsMax: 1 }, executors: () => [slow] });
    await bench.boot();
    const task = { engine: { type: "survivor" } };
    const one = assignmentOf({ task, partition: { index: 0, count: 3 } });
    const early = assignmentOf({ task, partition: { index: 1, count: 3 } });
    const late = assignmentOf({ task, partition: { index: 2, count: 3 } });
    bench.assign(one);
    await bench.sea.clock.advance(10);
    bench.unassign(one);
    bench.assign(early);
    await bench.sea.clock.advance(10);
    expect(graces).toEqual([10_000]);
    expect(bench.heard(early.executionId)).toMatchObject([{ code: "NO_CAPACITY" }]);
    // Back before it has ended, and gone again: nothing begins.
    bench.assign({ ...one, seq: 3 });
    await bench.sea.clock.advance(10);
    bench.unassign({ ...one, seq: 4 });
    await bench.sea.clock.advance(10);
    halted.resolve();
    await bench.sea.clock.advance(10);
    expect(bench.starts.get(one.executionId)).toBe(1);
    bench.assign(late);
    await bench.sea.clock.advance(10);
    expect(kinds(bench.heard(late.executionId))).toEqual(["running"]);
  });

  it("begins again what comes back, once it has ended and is confirmed", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 60 } } } });
    bench.assign(assignment);
    await bench.sea.clock.advance(10);
    bench.unassign(assignment);
    bench.assign({ ...assignment, seq: 3 });
    await bench.sea.clock.advance(10);
    expect(bench.starts.get(assignment.executionId)).toBe(1);
    await bench.sea.clock.advance(300);
    expect(bench.starts.get(assignment.executionId)).toBe(2);
    expect(bench.journal.get(assignment.executionId)).toMatchObject({ phase: "running" });
  });

  it.each([
    ["an unknown engine", { engine: { type: "mainframe" } }, "ENGINE_FAILED"],
    ["params that cannot be read", { engine: { type: "noop", params: { ExitCode: 1000 } } }, "TASK_INVALID"],
    [
      "an input that leads out",
      { engine: { type: "noop" }, inputSources: [{ source: { type: "x" }, target: "/a/../../etc" }] },
      "TASK_INVALID",
    ],
    [
      "a result that leads out",
      { engine: { type: "noop" }, publisher: { type: "p" }, resultPaths: [{ name: "../../up", path: "/a" }] },
      "TASK_INVALID",
    ],
    ["a variable that is not allowed", { engine: { type: "noop" }, env: { A: "env:PATH" } }, "TASK_INVALID"],
  ])("refuses a task with %s and goes on", async (_what, task, code) => {
    const bench = createNodeBench({ env: { PATH: "/bin" } });
    await bench.boot();
    const bad = assignmentOf({ task, partition: { index: 0, count: 2 } });
    const good = assignmentOf({ partition: { index: 1, count: 2 } });
    bench.assign(bad);
    bench.assign(good);
    await bench.sea.clock.advance(50);
    expect(bench.heard(bad.executionId)).toMatchObject([{ kind: "failed", code }]);
    expect(kinds(bench.heard(good.executionId))).toEqual(["completed"]);
    expect(bench.starts.has(bad.executionId)).toBe(false);
  });

  it("answers an assignment that is no assignment, and survives one that cannot even be answered", async () => {
    const bench = createNodeBench();
    await bench.boot();
    const { views } = bench.sea;
    views.assignments.write("n-one.e-x", 1, {
      seq: 1,
      executionId: "e-x",
      jobId: "j-x",
      namespace: "default",
      task: 7,
    });
    views.assignments.write("n-one.e-y", 2, { seq: 2, nonsense: true });
    views.assignments.write("n-one.e-z", 3, { ...assignmentOf({ nodeId: "n-two" }), executionId: "e-z", seq: 3 });
    const good = assignmentOf();
    bench.assign(good);
    // What does not say when it was assigned is confirmed first.
    await bench.sea.clock.advance(300);
    expect(bench.heard("e-x")).toMatchObject([{ kind: "failed", code: "TASK_INVALID" }]);
    expect(bench.heard("e-z")).toMatchObject([{ kind: "failed", code: "TASK_INVALID" }]);
    expect(kinds(bench.heard(good.executionId))).toEqual(["completed"]);
  });

  it("lets one execution's failure touch no other", async () => {
    const broken: Executor = {
      ...createSurvivor().executor,
      start: () => Promise.reject(new TypeError("x is not a function")),
    };
    const bench = createNodeBench({ executors: () => [broken] });
    await bench.boot();
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    bench.assign(assignment);
    await bench.sea.clock.advance(50);
    expect(bench.heard(assignment.executionId)).toMatchObject([{ kind: "failed", code: "INTERNAL", final: true }]);
  });
});

describe("a compute node that was killed", () => {
  const plain = { engine: { type: "noop", params: { RunSeconds: 1 } } };
  it.each([
    ["before", "of a task without results", plain],
    ["after", "of a task without results", plain],
    ["before", "of a task with results", { ...plain, publisher: { type: "post" } }],
    ["after", "of a task with results", { ...plain, publisher: { type: "post" } }],
  ] as const)("starts nothing twice, whichever write of its journal it dies %s, %s", async (when, _what, task) => {
    const writes = await writesOf(task);
    expect(writes).toBeGreaterThan("publisher" in task ? 3 : 2);
    for (let write = 1; write <= writes; write++) {
      const bench = createNodeBench({ publishers: [post] });
      const assignment = assignmentOf({ task });
      bench.assign(assignment);
      const first = await bench.boot(at(write, when));
      await bench.sea.clock.advance(2_000);
      expect(first.berth.isAlive()).toBe(false);
      await bench.boot();
      await bench.sea.clock.advance(2_000);
      const heard = bench.heard(assignment.executionId);
      expect(bench.starts.get(assignment.executionId) ?? 0).toBeLessThanOrEqual(1);
      expect(["completed", "failed"]).toContain(heard.at(-1)?.kind);
      // What was never started is started now; what may have been is failed for another try.
      const unheard = write === 1 && when === "before";
      if (unheard) expect(heard.at(-1)?.kind).toBe("completed");
      const last = heard.at(-1);
      if (last?.kind === "failed") expect(last).toMatchObject({ code: "NODE_RESTARTED", final: false });
      bench.unassign(assignment);
      await bench.sea.clock.advance(100);
      expect(bench.journal.size).toBe(0);
    }
  });

  it("goes on with what an engine has kept running", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ executors: () => [engine.executor] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    bench.assign(assignment);
    const first = await bench.boot();
    first.kill();
    await bench.boot();
    engine.end(assignment.executionId, { exitCode: 5 });
    await bench.sea.clock.advance(50);
    expect(bench.heard(assignment.executionId).at(-1)).toMatchObject({ kind: "completed", output: { exitCode: 5 } });
    expect(bench.starts.get(assignment.executionId)).toBe(1);
  });

  it("counts what goes on as room in use", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ settings: { slotsMax: 1 }, executors: () => [engine.executor] });
    const task = { engine: { type: "survivor" } };
    const one = assignmentOf({ task, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task, partition: { index: 1, count: 2 } });
    bench.assign(one);
    const first = await bench.boot();
    first.kill();
    bench.assign(other);
    await bench.boot();
    await bench.sea.clock.advance(10);
    expect(bench.heard(other.executionId)).toMatchObject([{ code: "NO_CAPACITY" }]);
    expect(engine.running()).toEqual([one.executionId]);
  });

  it("starts what an engine with a memory has never begun", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ executors: () => [{ ...engine.executor, remembers: true }] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    bench.assign(assignment);
    await bench.boot(at(1, "after"));
    expect(bench.journal.get(assignment.executionId)).toMatchObject({ phase: "starting" });
    await bench.boot();
    engine.end(assignment.executionId, { exitCode: 0 });
    await bench.sea.clock.advance(50);
    expect(bench.heard(assignment.executionId).at(-1)).toMatchObject({ kind: "completed" });
  });

  it("starts nothing twice that an engine with a memory has run and lost", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ executors: () => [{ ...engine.executor, remembers: true }] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    bench.assign(assignment);
    const first = await bench.boot();
    await bench.sea.clock.advance(20);
    expect(bench.journal.get(assignment.executionId)).toMatchObject({ phase: "running" });
    first.kill();
    await engine.executor.sweep(new Set());
    await bench.boot();
    await bench.sea.clock.advance(50);
    expect(bench.starts.get(assignment.executionId)).toBe(1);
    expect(bench.heard(assignment.executionId).at(-1)).toMatchObject({
      ...{ kind: "failed", code: "NODE_RESTARTED", final: false },
    });
  });

  it("runs a service again", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf({
      jobType: "service",
      task: { engine: { type: "noop", params: { RunSeconds: 60 } } },
    });
    bench.assign(assignment);
    const first = await bench.boot();
    first.kill();
    await bench.boot();
    expect(bench.starts.get(assignment.executionId)).toBe(2);
  });

  it("forgets what has gone meanwhile, and has executors sweep it", async () => {
    const engine = createSurvivor();
    const bench = createNodeBench({ executors: () => [engine.executor] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    bench.assign(assignment);
    const first = await bench.boot();
    first.kill();
    bench.unassign(assignment);
    await bench.boot();
    await bench.sea.clock.advance(10);
    expect(bench.journal.size).toBe(0);
    expect(engine.running()).toEqual([]);
  });

  it("says again what may not have been heard", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf();
    bench.assign(assignment);
    const first = await bench.boot();
    await bench.sea.clock.advance(20);
    first.kill();
    await bench.boot();
    await bench.sea.clock.advance(20);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["completed", "completed"]);
    expect(bench.starts.get(assignment.executionId)).toBe(1);
  });
});

describe("a compute node that stops", () => {
  it("says goodbye, and reports no end of what it leaves running", async () => {
    const bench = createNodeBench();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 60 } } } });
    bench.assign(assignment);
    const beats: (boolean | undefined)[] = [];
    await bench.sea.requester("r").market.onHeartbeat(({ leaving }) => beats.push(leaving));
    const life = await bench.boot();
    await life.stop();
    await bench.sea.clock.advance(120_000);
    expect(kinds(bench.heard(assignment.executionId))).toEqual(["running"]);
    expect(beats.at(-1)).toBe(true);
    expect(beats.filter(Boolean)).toHaveLength(1);
  });
});

/** A publisher that always can. */
const post: Publisher = {
  name: "post",
  params: z.strictObject({}),
  unavailable: async () => undefined,
  publish: async ({ executionId }) => ({ type: "posted", params: { To: executionId } }),
  close: async () => {},
};

/** How many writes a whole life of one execution takes. */
async function writesOf(task: NonNullable<Parameters<typeof assignmentOf>[0]>["task"]): Promise<number> {
  const bench = createNodeBench({ publishers: [post] });
  bench.assign(assignmentOf(task === undefined ? {} : { task }));
  const life = await bench.boot();
  await bench.sea.clock.advance(2_000);
  return life.writes();
}
