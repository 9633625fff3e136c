import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Executor } from "./executors/executor.ts";
import { noop } from "./executors/noop.ts";
import type { Publisher } from "./publishers/publisher.ts";
import { assignmentOf } from "./testing/assignments.ts";
import { createNodeHarness, type KillAt } from "./testing/node-harness.ts";
import { createSurvivor } from "./testing/survivor.ts";

const kinds = (saws: readonly { readonly kind: string }[]) => saws.map(({ kind }) => kind);
const at = (write: number, when: KillAt["when"]): KillAt => ({ write, when });

describe("a compute node", () => {
  it("runs an assignment, reports it, and forgets it once the assignment is removed", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { ExitCode: 3, Stdout: "hi" } } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    const received = harness.received(assignment.executionId);
    expect(received.at(-1)).toMatchObject({ kind: "completed", output: { exitCode: 3, stdout: "hi" } });
    expect(harness.journal.get(assignment.executionId)).toMatchObject({ phase: "settled" });
    harness.unassign(assignment);
    await harness.sim.clock.advance(20);
    expect(harness.journal.size).toBe(0);
    expect([...harness.sim.output.chunks.keys()]).toEqual([assignment.executionId]);
  });

  it("merges running and completed of the same tick into one report", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf();
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["completed"]);
  });

  it("reports running while a task runs", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 1 } } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(500);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["running"]);
    await harness.sim.clock.advance(600);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["running", "completed"]);
  });

  it("writes nothing to a disk for a task without inputs and results", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    harness.assign(assignmentOf({ task: { engine: { type: "noop", params: { Stdout: "hi" } } } }));
    await harness.sim.clock.advance(20);
    expect(harness.tree.size).toBe(0);
  });

  it("halts an execution when its assignment is removed, without a further report", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 60 } } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(50);
    harness.unassign(assignment);
    await harness.sim.clock.advance(120_000);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["running"]);
    expect(harness.journal.size).toBe(0);
  });

  it("ends a task at its time limit", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({
      timeoutMs: 2_000,
      task: { engine: { type: "noop", params: { RunSeconds: 60 } } },
    });
    harness.assign(assignment);
    await harness.sim.clock.advance(1_900);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["running"]);
    await harness.sim.clock.advance(200);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({ code: "EXECUTION_TIMED_OUT", final: true });
  });

  it("ends a task at its output limit, without a retry", async () => {
    const harness = createNodeHarness({ settings: { outputBytesMax: 5 } });
    await harness.boot();
    const assignment = assignmentOf({
      task: { engine: { type: "noop", params: { RunSeconds: 60, Stdout: "123456" } } },
    });
    harness.assign(assignment);
    await harness.sim.clock.advance(50);
    const report = harness.received(assignment.executionId).at(-1);
    expect(report).toMatchObject({ code: "OUTPUT_TOO_LARGE", final: true, output: { stdout: "123456" } });
    expect(report).toMatchObject({ why: expect.stringContaining("more than 5 bytes") });
  });

  it("counts the time limit from the first start, over a restart of the node", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: () => [engine.executor] });
    const first = await harness.boot();
    const assignment = assignmentOf({ timeoutMs: 2_000, task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(1_500);
    first.kill();
    await harness.boot();
    await harness.sim.clock.advance(600);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({ code: "EXECUTION_TIMED_OUT" });
  });

  it("refuses what does not fit, for another node", async () => {
    const harness = createNodeHarness({ settings: { slotsMax: 1 } });
    await harness.boot();
    const long = { engine: { type: "noop", params: { RunSeconds: 60 } } };
    const one = assignmentOf({ task: long, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task: long, partition: { index: 1, count: 2 } });
    harness.assign(one);
    await harness.sim.clock.advance(10);
    harness.assign(other);
    await harness.sim.clock.advance(50);
    expect(harness.received(other.executionId)).toMatchObject([{ kind: "failed", code: "NO_CAPACITY", final: false }]);
    expect(kinds(harness.received(one.executionId))).toEqual(["running"]);
  });

  it("releases the resources and sweeps the engine once an execution is done", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ settings: { slotsMax: 1 }, executors: () => [engine.executor] });
    await harness.boot();
    const task = { engine: { type: "survivor" } };
    const one = assignmentOf({ task, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task, partition: { index: 1, count: 2 } });
    harness.assign(one);
    await harness.sim.clock.advance(10);
    engine.end(one.executionId, { exitCode: 0 });
    await harness.sim.clock.advance(10);
    expect(engine.running()).toEqual([]);
    harness.assign(other);
    await harness.sim.clock.advance(10);
    expect(engine.running()).toEqual([other.executionId]);
  });

  it("sweeps only the engine whose work is done", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: (clock) => [engine.executor, noop({ clock })] });
    await harness.boot();
    const sweptAtStart = engine.sweeps();
    const one = assignmentOf({ task: { engine: { type: "noop" } }, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task: { engine: { type: "Survivor" } }, partition: { index: 1, count: 2 } });
    harness.assign(one);
    await harness.sim.clock.advance(20);
    harness.unassign(one);
    await harness.sim.clock.advance(20);
    expect([kinds(harness.received(one.executionId)), engine.sweeps() - sweptAtStart]).toEqual([["completed"], 0]);
    harness.assign(other);
    await harness.sim.clock.advance(20);
    engine.end(other.executionId, { exitCode: 0 });
    await harness.sim.clock.advance(20);
    expect([engine.running(), engine.sweeps() - sweptAtStart]).toEqual([[], 1]);
  });

  it("releases the resources of a halted execution only after its end", async () => {
    const halted = Promise.withResolvers<void>();
    const graces: number[] = [];
    const engine = createSurvivor();
    const slow: Executor = {
      ...engine.executor,
      sweep: async () => {},
      start: async (workload) => {
        const running = await engine.executor.start(workload);
        const halt = async (graceMs: number) => {
          graces.push(graceMs);
          await halted.promise;
          await running.halt(graceMs);
        };
        return { ...running, halt };
      },
    };
    const harness = createNodeHarness({ settings: { slotsMax: 1 }, executors: () => [slow] });
    await harness.boot();
    const task = { engine: { type: "survivor" } };
    const one = assignmentOf({ task, partition: { index: 0, count: 3 } });
    const early = assignmentOf({ task, partition: { index: 1, count: 3 } });
    const late = assignmentOf({ task, partition: { index: 2, count: 3 } });
    harness.assign(one);
    await harness.sim.clock.advance(10);
    harness.unassign(one);
    harness.assign(early);
    await harness.sim.clock.advance(10);
    expect(graces).toEqual([10_000]);
    expect(harness.received(early.executionId)).toMatchObject([{ code: "NO_CAPACITY" }]);
    // Assigned a second time before it has ended, and removed again: nothing begins.
    harness.assign({ ...one, seq: 3 });
    await harness.sim.clock.advance(10);
    harness.unassign({ ...one, seq: 4 });
    await harness.sim.clock.advance(10);
    halted.resolve();
    await harness.sim.clock.advance(10);
    expect(harness.starts.get(one.executionId)).toBe(1);
    harness.assign(late);
    await harness.sim.clock.advance(10);
    expect(kinds(harness.received(late.executionId))).toEqual(["running"]);
  });

  it("begins a reassigned execution once it has ended and is confirmed", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 60 } } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(10);
    harness.unassign(assignment);
    harness.assign({ ...assignment, seq: 3 });
    await harness.sim.clock.advance(10);
    expect(harness.starts.get(assignment.executionId)).toBe(1);
    await harness.sim.clock.advance(300);
    expect(harness.starts.get(assignment.executionId)).toBe(2);
    expect(harness.journal.get(assignment.executionId)).toMatchObject({ phase: "running" });
  });

  it.each([
    ["an unknown engine", { engine: { type: "mainframe" } }, "ENGINE_FAILED"],
    ["params that cannot be read", { engine: { type: "noop", params: { ExitCode: 1000 } } }, "TASK_INVALID"],
    [
      "an input outside its folder",
      { engine: { type: "noop" }, inputSources: [{ source: { type: "x" }, target: "/a/../../etc" }] },
      "TASK_INVALID",
    ],
    [
      "a result outside its folder",
      { engine: { type: "noop" }, publisher: { type: "p" }, resultPaths: [{ name: "../../up", path: "/a" }] },
      "TASK_INVALID",
    ],
    ["a variable that is not allowed", { engine: { type: "noop" }, env: { A: "env:PATH" } }, "TASK_INVALID"],
  ])("refuses a task with %s, and continues", async (_what, task, code) => {
    const harness = createNodeHarness({ env: { PATH: "/bin" } });
    await harness.boot();
    const bad = assignmentOf({ task, partition: { index: 0, count: 2 } });
    const good = assignmentOf({ partition: { index: 1, count: 2 } });
    harness.assign(bad);
    harness.assign(good);
    await harness.sim.clock.advance(50);
    expect(harness.received(bad.executionId)).toMatchObject([{ kind: "failed", code }]);
    expect(kinds(harness.received(good.executionId))).toEqual(["completed"]);
    expect(harness.starts.has(bad.executionId)).toBe(false);
  });

  it("refuses an invalid assignment, and survives one that cannot be refused", async () => {
    const harness = createNodeHarness();
    await harness.boot();
    const { views } = harness.sim;
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
    harness.assign(good);
    // An assignment without `assignedAt` is confirmed first.
    await harness.sim.clock.advance(300);
    expect(harness.received("e-x")).toMatchObject([{ kind: "failed", code: "TASK_INVALID" }]);
    expect(harness.received("e-z")).toMatchObject([{ kind: "failed", code: "TASK_INVALID" }]);
    expect(kinds(harness.received(good.executionId))).toEqual(["completed"]);
  });

  it("isolates the failure of one execution", async () => {
    const broken: Executor = {
      ...createSurvivor().executor,
      start: () => Promise.reject(new TypeError("x is not a function")),
    };
    const harness = createNodeHarness({ executors: () => [broken] });
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(50);
    expect(harness.received(assignment.executionId)).toMatchObject([{ kind: "failed", code: "INTERNAL", final: true }]);
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
      const harness = createNodeHarness({ publishers: [post] });
      const assignment = assignmentOf({ task });
      harness.assign(assignment);
      const first = await harness.boot(at(write, when));
      await harness.sim.clock.advance(2_000);
      expect(first.proc.isAlive()).toBe(false);
      await harness.boot();
      await harness.sim.clock.advance(2_000);
      const received = harness.received(assignment.executionId);
      expect(harness.starts.get(assignment.executionId) ?? 0).toBeLessThanOrEqual(1);
      expect(["completed", "failed"]).toContain(received.at(-1)?.kind);
      // What never started is started now; what may have started fails, for another attempt.
      const unheard = write === 1 && when === "before";
      if (unheard) expect(received.at(-1)?.kind).toBe("completed");
      const last = received.at(-1);
      if (last?.kind === "failed") expect(last).toMatchObject({ code: "NODE_RESTARTED", final: false });
      harness.unassign(assignment);
      await harness.sim.clock.advance(100);
      expect(harness.journal.size).toBe(0);
    }
  });

  it("resumes what an engine has kept running", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: () => [engine.executor] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    const first = await harness.boot();
    first.kill();
    await harness.boot();
    engine.end(assignment.executionId, { exitCode: 5 });
    await harness.sim.clock.advance(50);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({
      kind: "completed",
      output: { exitCode: 5 },
    });
    expect(harness.starts.get(assignment.executionId)).toBe(1);
  });

  it("counts resumed executions as resources in use", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ settings: { slotsMax: 1 }, executors: () => [engine.executor] });
    const task = { engine: { type: "survivor" } };
    const one = assignmentOf({ task, partition: { index: 0, count: 2 } });
    const other = assignmentOf({ task, partition: { index: 1, count: 2 } });
    harness.assign(one);
    const first = await harness.boot();
    first.kill();
    harness.assign(other);
    await harness.boot();
    await harness.sim.clock.advance(10);
    expect(harness.received(other.executionId)).toMatchObject([{ code: "NO_CAPACITY" }]);
    expect(engine.running()).toEqual([one.executionId]);
  });

  it("starts what an attachable engine never started", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: () => [{ ...engine.executor, remembers: true }] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    await harness.boot(at(1, "after"));
    expect(harness.journal.get(assignment.executionId)).toMatchObject({ phase: "starting" });
    await harness.boot();
    engine.end(assignment.executionId, { exitCode: 0 });
    await harness.sim.clock.advance(50);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({ kind: "completed" });
  });

  it("does not restart what an attachable engine has run and lost", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: () => [{ ...engine.executor, remembers: true }] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    const first = await harness.boot();
    await harness.sim.clock.advance(20);
    expect(harness.journal.get(assignment.executionId)).toMatchObject({ phase: "running" });
    first.kill();
    await engine.executor.sweep(new Set());
    await harness.boot();
    await harness.sim.clock.advance(50);
    expect(harness.starts.get(assignment.executionId)).toBe(1);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({
      ...{ kind: "failed", code: "NODE_RESTARTED", final: false },
    });
  });

  it("restarts a service", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf({
      jobType: "service",
      task: { engine: { type: "noop", params: { RunSeconds: 60 } } },
    });
    harness.assign(assignment);
    const first = await harness.boot();
    first.kill();
    await harness.boot();
    expect(harness.starts.get(assignment.executionId)).toBe(2);
  });

  it("forgets and sweeps executions that were removed in the meantime", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: () => [engine.executor] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    const first = await harness.boot();
    first.kill();
    harness.unassign(assignment);
    await harness.boot();
    await harness.sim.clock.advance(10);
    expect(harness.journal.size).toBe(0);
    expect(engine.running()).toEqual([]);
  });

  it("repeats reports that may not have been stored", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf();
    harness.assign(assignment);
    const first = await harness.boot();
    await harness.sim.clock.advance(20);
    first.kill();
    await harness.boot();
    await harness.sim.clock.advance(20);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["completed", "completed"]);
    expect(harness.starts.get(assignment.executionId)).toBe(1);
  });
});

describe("a compute node that stops", () => {
  it("sends a goodbye, and reports no end of running executions", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 60 } } } });
    harness.assign(assignment);
    const beats: (boolean | undefined)[] = [];
    await harness.sim.requester("r").bidClient.onHeartbeat(({ leaving }) => beats.push(leaving));
    const life = await harness.boot();
    await life.stop();
    await harness.sim.clock.advance(120_000);
    expect(kinds(harness.received(assignment.executionId))).toEqual(["running"]);
    expect(beats.at(-1)).toBe(true);
    expect(beats.filter(Boolean)).toHaveLength(1);
  });
});

/** A publisher that is always available. */
const post: Publisher = {
  name: "post",
  params: z.strictObject({}),
  unavailable: async () => undefined,
  publish: async ({ executionId }) => ({ type: "posted", params: { To: executionId } }),
  close: async () => {},
};

/** The number of writes over the whole life of one execution. */
async function writesOf(task: NonNullable<Parameters<typeof assignmentOf>[0]>["task"]): Promise<number> {
  const harness = createNodeHarness({ publishers: [post] });
  harness.assign(assignmentOf(task === undefined ? {} : { task }));
  const life = await harness.boot();
  await harness.sim.clock.advance(2_000);
  return life.writes();
}
