import { createPrng, sampleSpec } from "@shoal/core/testing";
import { type JobSpec, timesFitting } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, type SchedulerHarness, schedulerHarness, type TestJob } from "../../testing/scheduler-harness.ts";

// Each takes some 20 ms.
const seeds = Array.from({ length: 60 }, (_, seed) => seed);
// The longest time between two full passes of a lane, and one heartbeat more.
const allLookedSeconds = 32;

/** A cluster of pools, and jobs of all sizes that come, complete and are stopped. */
async function run(seed: number) {
  const prng = createPrng(seed).split("jobs");
  const zones = ["a", "b", "c"] as const;
  const nodes = nodesOf(prng.pick([1, 3, 8, 70])).map((info) => {
    const all = { ...info.capacity, cpuCores: prng.pick([1, 3, 4, 8]) };
    return { ...info, capacity: all, available: all, perTask: all, labels: { zone: prng.pick(zones) } };
  });
  const harness = schedulerHarness({ nodes, seed, showsRoom: prng.happens(0.7) });
  const jobs = new Set<TestJob>();
  const specOf = (): JobSpec => ({
    ...sampleSpec({
      count: prng.pick([1, 1, 1, 2, 5]),
      resources: { cpu: prng.pick(["500m", "1", "1.5", "2", "3", "4", "8"]), memory: "1Mb" },
      priority: prng.between(0, 2),
      namespace: prng.pick(["x", "y"]),
      timeouts: { queueTimeout: 100_000 },
    }),
    constraints: prng.happens(0.5) ? [{ key: "zone", operator: "=", values: [prng.pick(zones)] }] : [],
  });
  for (let turn = 0; turn < 40; turn++) {
    for (let each = 0; each < prng.pick([0, 1, 5]); each++)
      jobs.add(harness.submit(specOf(), prng.happens(0.1) ? `n-${prng.between(0, nodes.length)}` : undefined));
    await harness.clock.settle();
    for (const job of jobs) if (prng.happens(0.1) && job.nodeIds().length > 0) await harness.complete(job);
    for (const job of jobs) {
      if (!prng.happens(0.03)) continue;
      await harness.complete(job);
      harness.scheduler.remove(job);
      jobs.delete(job);
    }
    if (prng.happens(0.5)) await harness.beatFor(1);
  }
  return { harness, jobs, prng };
}

/** Jobs that need a place that a node has. */
function startable({ nodes }: SchedulerHarness, jobs: Iterable<TestJob>): readonly string[] {
  return [...jobs].flatMap((job) => {
    const { slots, requirements, pinnedTo } = job.wants();
    const fitting = [...nodes.values()].find(({ info }) => {
      const fits = requirements.constraints.every(({ values }) => values.includes(info.labels["zone"] ?? ""));
      const isItsOwn = pinnedTo === undefined || pinnedTo === info.nodeId;
      return fits && isItsOwn && timesFitting(requirements.resources, info.available, 1) > 0;
    });
    return slots > 0 && fitting !== undefined ? [`${job.ref.id} on ${fitting.info.nodeId}`] : [];
  });
}

describe("jobs that wait", () => {
  it.each(seeds)("all start where they fit, and all complete (seed %i)", async (seed) => {
    const { harness, jobs } = await run(seed);
    await harness.beatFor(allLookedSeconds);
    expect(startable(harness, jobs)).toEqual([]);
    const placeable = [...jobs].filter((job) => job.fitsSome(harness.nodes));
    for (let turn = 0; turn < 400 && placeable.some((job) => job.wants().slots > 0); turn++) {
      for (const job of jobs) await harness.complete(job);
      await harness.beatFor(1);
    }
    for (const job of jobs) await harness.complete(job);
    expect(placeable.filter((job) => job.summary() !== "completed").map((job) => job.ref.id)).toEqual([]);
  });
});
