import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Executor, Exit } from "../executors/executor.ts";
import type { HeldPath } from "../held-path.ts";
import type { Publisher } from "../publishers/publisher.ts";
import type { Fetched, Source } from "../sources/source.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness } from "../testing/node-harness.ts";
import { createSurvivor } from "../testing/survivor.ts";

const second = 1_000;
// The time that an aborted operation may take to end.
const windDown = 5 * second;

/** A source that answers when the test resolves it, and ignores its signal. */
function deaf() {
  const { promise, resolve } = Promise.withResolvers<Fetched>();
  const open = new Set<number>();
  const source: Source = {
    name: "library",
    params: z.strictObject({}),
    unavailable: async () => undefined,
    close: async () => {},
    refuses: async () => undefined,
    fetch: () => promise,
  };
  const place = { kind: "folder", realPath: "/library", dev: 1, ino: 1, steady: false } as const;
  const held: HeldPath = { ...place, fd: 7, close: async () => void open.delete(7) };
  const answer = () => {
    open.add(7);
    resolve({ hostPath: "/library", readOnly: true, sizeBytes: 0, held });
  };
  return { source, open, answer };
}

const firing = (signal: AbortSignal | undefined) =>
  new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("the pull was ended"))));

/** An engine that starts a workload when the test resolves it; `heeds` its signal or not. */
function slow(heeds: boolean) {
  const engine = createSurvivor();
  const mayStart = Promise.withResolvers<void>();
  const signals: (AbortSignal | undefined)[] = [];
  const executor: Executor = {
    ...engine.executor,
    start: async (workload, signal) => {
      signals.push(signal);
      await (heeds ? Promise.race([mayStart.promise, firing(signal)]) : mayStart.promise);
      return engine.executor.start(workload);
    },
  };
  return { executor, running: engine.running, end: engine.end, start: mayStart.resolve, signals };
}

const withInput = (prepareTimeoutMs: number) =>
  assignmentOf({
    prepareTimeoutMs,
    task: { engine: { type: "noop" }, inputSources: [{ source: { type: "library" }, target: "/in" }] },
  });
const onSurvivor = (limits: { prepareTimeoutMs?: number; timeoutMs?: number }) =>
  assignmentOf({ ...limits, task: { engine: { type: "survivor" } } });

const preparing = { kind: "preparing" };
const startTimedOut = { kind: "failed", code: "START_TIMED_OUT", final: false };

describe("the time to prepare", () => {
  it("aborts a hanging source, cleans up, and releases a late input", async () => {
    const { source, open, answer } = deaf();
    const harness = createNodeHarness({ sources: [source] });
    await harness.boot();
    const assignment = withInput(10 * second);
    harness.assign(assignment);
    await harness.sim.clock.advance(9 * second);
    expect(harness.received(assignment.executionId)).toEqual([]);
    await harness.sim.clock.advance(second + windDown + 100);
    expect(harness.received(assignment.executionId)).toMatchObject([
      { ...startTimedOut, why: "preparing took longer than 10 s" },
    ]);
    expect(harness.tree.size).toBe(0);
    answer();
    await harness.sim.clock.settle();
    expect([open.size, harness.starts.size]).toEqual([0, 0]);
  });

  it("aborts a hanging pull of an image", async () => {
    const { executor, running, start } = slow(true);
    const harness = createNodeHarness({ executors: () => [executor] });
    await harness.boot();
    const assignment = onSurvivor({ prepareTimeoutMs: 10 * second });
    harness.assign(assignment);
    await harness.sim.clock.advance(10 * second + 100);
    expect(harness.received(assignment.executionId)).toMatchObject([preparing, startTimedOut]);
    expect(harness.tree.size).toBe(0);
    start();
    await harness.sim.clock.settle();
    expect(running()).toEqual([]);
  });

  it("gives up on an engine that ignores its signal, and ends what it starts late", async () => {
    const { executor, running, start } = slow(false);
    const harness = createNodeHarness({ executors: () => [executor] });
    await harness.boot();
    const assignment = onSurvivor({ prepareTimeoutMs: 10 * second });
    harness.assign(assignment);
    await harness.sim.clock.advance(10 * second + windDown + 100);
    expect(harness.received(assignment.executionId)).toMatchObject([preparing, startTimedOut]);
    start();
    await harness.sim.clock.advance(100);
    expect(running()).toEqual([]);
  });

  it("releases the resources", async () => {
    const { executor } = slow(false);
    const harness = createNodeHarness({ settings: { slotsMax: 1 }, executors: () => [executor] });
    await harness.boot();
    harness.assign(onSurvivor({ prepareTimeoutMs: 10 * second }));
    await harness.sim.clock.advance(20 * second);
    const next = assignmentOf({ attempt: 2, task: { engine: { type: "survivor" } } });
    harness.assign({ ...next, assignedAt: harness.sim.clock.now() });
    await harness.sim.clock.advance(100);
    expect(harness.starts.get(next.executionId)).toBe(1);
  });

  it("does not count as run time", async () => {
    const { executor, start, end } = slow(true);
    const harness = createNodeHarness({ executors: () => [executor] });
    await harness.boot();
    const assignment = onSurvivor({ prepareTimeoutMs: 100 * second, timeoutMs: 10 * second });
    harness.assign(assignment);
    await harness.sim.clock.advance(50 * second);
    start();
    await harness.sim.clock.advance(9 * second);
    const exit: Exit = { exitCode: 0 };
    end(assignment.executionId, exit);
    await harness.sim.clock.advance(100);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({ kind: "completed" });
  });

  it("ends with the start", async () => {
    const { executor, start, running, signals } = slow(true);
    const harness = createNodeHarness({ executors: () => [executor] });
    await harness.boot();
    const assignment = onSurvivor({ prepareTimeoutMs: 10 * second });
    harness.assign(assignment);
    await harness.sim.clock.advance(second);
    start();
    await harness.sim.clock.advance(60 * second);
    expect(running()).toEqual([assignment.executionId]);
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
  });

  it("is unlimited where the assignment sets no limit", async () => {
    const { executor, start, running } = slow(true);
    const harness = createNodeHarness({ executors: () => [executor] });
    await harness.boot();
    const assignment = onSurvivor({ prepareTimeoutMs: 0 });
    harness.assign(assignment);
    await harness.sim.clock.advance(3_600 * second);
    expect(new Set(harness.received(assignment.executionId).map(({ kind }) => kind))).toEqual(new Set(["preparing"]));
    start();
    await harness.sim.clock.advance(second);
    expect(running()).toEqual([assignment.executionId]);
  });

  it("does not delay a stop", async () => {
    const { executor } = slow(true);
    const harness = createNodeHarness({ executors: () => [executor] });
    await harness.boot();
    const assignment = onSurvivor({ prepareTimeoutMs: 600 * second });
    harness.assign(assignment);
    await harness.sim.clock.advance(second);
    harness.assign({ ...assignment, desired: "stop", seq: 2 });
    await harness.sim.clock.advance(100);
    expect(harness.received(assignment.executionId)).toEqual([{ kind: "stopped" }]);
  });
});

describe("the time to publish", () => {
  it.each([
    ["heeds its signal", true],
    ["hangs", false],
  ])("ends a publisher that %s", async (_what, heeds) => {
    const post: Publisher = {
      name: "post",
      params: z.strictObject({}),
      unavailable: async () => undefined,
      publish: ({ signal }) =>
        new Promise((_, reject) => {
          if (heeds) signal.addEventListener("abort", () => reject(new Error("ended early")));
        }),
      close: async () => {},
    };
    const harness = createNodeHarness({ publishers: [post] });
    await harness.boot();
    const assignment = assignmentOf({
      publishTimeoutMs: 10 * second,
      task: { engine: { type: "noop", params: { Stdout: "hi" } }, publisher: { type: "post" } },
    });
    harness.assign(assignment);
    await harness.sim.clock.advance(9 * second);
    expect(harness.received(assignment.executionId)).toMatchObject([{ kind: "publishing" }]);
    await harness.sim.clock.advance(second + windDown + 100);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({
      code: "PUBLISH_TIMED_OUT",
      why: "publishing took longer than 10 s",
      final: false,
      output: { stdout: "hi" },
    });
    expect(harness.tree.size).toBe(0);
  });
});
