import type { Report } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Publisher } from "../publishers/publisher.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness, type KillAt, type NodeHarness } from "../testing/node-harness.ts";
import { createSurvivor } from "../testing/survivor.ts";

const minute = 60_000;
const second = { engine: { type: "noop", params: { RunSeconds: 1 } } };

/** A publisher that is always available. */
const post: Publisher = {
  name: "post",
  params: z.strictObject({}),
  unavailable: async () => undefined,
  publish: async ({ executionId }) => ({ type: "posted", params: { To: executionId } }),
  close: async () => {},
};

const numbered = (reports: readonly Report[]) => reports.map(({ number, saw: { kind } }) => `${number} ${kind}`);

/** Every number with its report: each number must have one content, because the log deduplicates by number. */
function contents(reports: readonly Report[]): readonly (readonly string[])[] {
  const byNumber = Map.groupBy(reports, ({ number }) => number);
  return [...byNumber.values()].map((same) => [...new Set(same.map((report) => JSON.stringify(report)))]);
}

async function running(task: NonNullable<Parameters<typeof assignmentOf>[0]>["task"] = second) {
  const harness = createNodeHarness({ publishers: [post] });
  await harness.boot();
  const assignment = assignmentOf(task === undefined ? {} : { task });
  harness.assign(assignment);
  await harness.sim.clock.advance(20);
  return { harness, assignment, reports: () => harness.reports(assignment.executionId) };
}

describe("the reports of an execution", () => {
  it("are numbered from 1", async () => {
    const { harness, reports } = await running({ ...second, publisher: { type: "post" } });
    await harness.sim.clock.advance(1_500);
    expect(numbered(reports())).toEqual(["1 running", "2 publishing", "3 completed"]);
  });

  it.each(["before", "after"] as const)(
    "never go back nor reuse a number, whichever write the node dies %s",
    async (when) => {
      const task = { ...second, publisher: { type: "post" } };
      const writes = 4;
      for (let write = 1; write <= writes; write++) {
        const reports = await reportsOverDeath(task, { write, when });
        expect(contents(reports).every(({ length }) => length === 1)).toBe(true);
        const numbers = reports.map(({ number }) => number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    },
  );

  it("continue the numbers of an earlier process of the node", async () => {
    const engine = createSurvivor();
    const harness = createNodeHarness({ executors: () => [engine.executor] });
    const assignment = assignmentOf({ task: { engine: { type: "survivor" } } });
    harness.assign(assignment);
    const first = await harness.boot();
    await harness.sim.clock.advance(50);
    first.kill();
    await harness.boot();
    await harness.sim.clock.advance(50);
    engine.end(assignment.executionId, { exitCode: 0 });
    await harness.sim.clock.advance(50);
    const reports = harness.reports(assignment.executionId);
    expect(numbered(reports)).toEqual(["1 running", "1 running", "2 completed"]);
    expect(reports[1]).toEqual(reports[0]);
  });

  it("continue the numbers of two processes ago, after a process without reports", async () => {
    const harness = createNodeHarness();
    const assignment = assignmentOf({
      jobType: "service",
      task: { engine: { type: "noop", params: { RunSeconds: 60 } } },
    });
    harness.assign(assignment);
    const first = await harness.boot();
    first.kill();
    // It has journalled that it restarts the task, and nothing more.
    await harness.boot({ write: 1, when: "after" });
    await harness.boot();
    await harness.sim.clock.advance(20);
    expect(new Set(numbered(harness.reports(assignment.executionId)))).toEqual(new Set(["1 running", "2 running"]));
  });

  it("contain `publishing` once, over all processes", async () => {
    const forever: Publisher = { ...post, publish: () => new Promise(() => {}) };
    const harness = createNodeHarness({ publishers: [forever] });
    const assignment = assignmentOf({ task: { engine: { type: "noop" }, publisher: { type: "post" } } });
    harness.assign(assignment);
    const first = await harness.boot();
    await harness.sim.clock.advance(20);
    first.kill();
    await harness.boot();
    await harness.sim.clock.advance(20);
    const reports = harness.reports(assignment.executionId);
    expect(numbered(reports)).toEqual(["1 publishing", "1 publishing"]);
    expect(reports[1]).toEqual(reports[0]);
  });

  it.each([
    ["batch", "8 failed", 0],
    ["ops", "8 failed", 0],
    ["service", "8 completed", 1],
  ])(
    "of a %s job continue after the number in the log when the node has lost its journal",
    async (jobType, expected, starts) => {
      const harness = createNodeHarness();
      harness.setRecorded(() => 7);
      const assignment = assignmentOf({ jobType });
      harness.assign(assignment);
      await harness.boot();
      await harness.sim.clock.advance(20);
      expect(numbered(harness.reports(assignment.executionId))).toEqual([expected]);
      // It was begun before: a task that may not run twice does not restart.
      expect(harness.starts.get(assignment.executionId) ?? 0).toBe(starts);
    },
  );

  it("get another number when the log has theirs with another content", async () => {
    const { harness, assignment, reports } = await running({ engine: { type: "noop" } });
    expect(numbered(reports())).toEqual(["1 completed"]);
    // Live, with a report of this number in the log: it was another report's number.
    harness.setRecorded(() => 4);
    await harness.sim.clock.advance(5 * minute + 1_000);
    expect(numbered(reports())).toEqual(["1 completed", "1 completed", "5 completed"]);
    expect(harness.journal.get(assignment.executionId)).toMatchObject({ phase: "settled", report: { number: 5 } });
  });
});

describe("a report that is stored", () => {
  it("is repeated every few minutes while its assignment exists, until the log has it", async () => {
    const { harness, assignment, reports } = await running({ engine: { type: "noop" } });
    await harness.sim.clock.advance(30 * minute);
    const count = reports().length;
    expect(count).toBeGreaterThanOrEqual(6);
    expect(contents(reports())).toHaveLength(1);
    expect(harness.questions.length).toBe(count - 1);
    harness.unassign(assignment);
    await harness.sim.clock.advance(30 * minute);
    expect(reports()).toHaveLength(count);
  });

  it("is not repeated once the log has it", async () => {
    const { harness, reports } = await running({ engine: { type: "noop", params: { RunSeconds: 3_600 } } });
    harness.setRecorded(() => 1);
    await harness.sim.clock.advance(30 * minute);
    // The one repetition is sent with the question.
    expect([numbered(reports()), harness.questions.length]).toEqual([["1 running", "1 running"], 1]);
  });

  it("is repeated when the watch of assignments restarts, even if the log had it", async () => {
    const { harness, reports } = await running({ engine: { type: "noop" } });
    harness.sim.views.assignments.reset();
    await harness.sim.clock.advance(1_000);
    expect(numbered(reports())).toEqual(["1 completed", "1 completed"]);
  });
});

/** The reports of a node that dies around a write of its journal, and of its next process. */
async function reportsOverDeath(
  task: NonNullable<Parameters<typeof assignmentOf>[0]>["task"],
  at: KillAt,
): Promise<readonly Report[]> {
  const harness: NodeHarness = createNodeHarness({ publishers: [post] });
  const assignment = assignmentOf(task === undefined ? {} : { task });
  harness.assign(assignment);
  const first = await harness.boot(at);
  await harness.sim.clock.advance(2_000);
  expect(first.proc.isAlive()).toBe(false);
  await harness.boot();
  await harness.sim.clock.advance(2_000);
  return harness.reports(assignment.executionId);
}
