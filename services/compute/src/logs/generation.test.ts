import { describe, expect, it } from "vitest";
import type { Executor, Workload } from "../executors/executor.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness } from "../testing/node-harness.ts";
import { createSurvivor } from "../testing/survivor.ts";

/** An engine whose workloads write a line, which a restarted node receives again as from a container's log. */
function speaking(isAlive: () => boolean): Executor {
  const { executor } = createSurvivor();
  const printed = ({ output }: Workload): void => output("stdout", Buffer.from("hello\n"));
  return {
    ...executor,
    start: async (workload) => {
      printed(workload);
      return executor.start(workload, new AbortController().signal);
    },
    attach: async (workload) => {
      if (!isAlive()) await executor.sweep(new Set());
      else printed(workload);
      return executor.attach(workload);
    },
  };
}

async function generationsOf(isAlive: boolean): Promise<readonly number[]> {
  const engine = speaking(() => isAlive);
  const harness = createNodeHarness({ executors: () => [engine] });
  const assignment = assignmentOf({ jobType: "service", task: { engine: { type: "survivor" } } });
  harness.assign(assignment);
  const first = await harness.boot();
  await harness.sim.clock.advance(20);
  first.kill();
  await harness.boot();
  await harness.sim.clock.advance(20);
  const chunks = harness.sim.output.chunks.get(assignment.executionId) ?? [];
  expect(chunks.map(({ at }) => at)).toEqual([0, 0]);
  return chunks.map(({ generation }) => generation);
}

describe("the output after a restart of the node", () => {
  it("has the generation of the task that has survived", async () => {
    const [before, after] = await generationsOf(true);
    expect(after).toBe(before);
  });
  it("has a higher generation when the task was started again", async () => {
    const [before = 0, after = 0] = await generationsOf(false);
    expect(after).toBeGreaterThan(before);
  });
});
