import { requirementsOf } from "@shoal/core";
import { sampleSpec } from "@shoal/core/testing";
import type { JobSpec, QueueSummary } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, schedulerHarness } from "../../testing/scheduler-harness.ts";

const cores = (cpu: number, more: Parameters<typeof sampleSpec>[0] = {}): JobSpec =>
  sampleSpec({ ...more, resources: { cpu: String(cpu), memory: "1Mb" } });

function summaryOf(spec: JobSpec, { slots = 1, ...more }: { slots?: number; nodeId?: string } = {}): QueueSummary {
  const requirements = requirementsOf(spec);
  if (requirements === undefined) throw new Error("a sample has a task");
  const first = { jobId: "j-high", priority: spec.priority, slots, requirements, ...more };
  return { requesterId: "r-2", queued: [first], uses: {}, held: {} };
}

/** Repeats a summary every second, as its requester does, with heartbeats of all nodes. */
async function repeat(harness: ReturnType<typeof schedulerHarness>, summary: QueueSummary, seconds: number) {
  for (let second = 0; second < seconds; second++) {
    harness.scheduler.onSummary(summary);
    await harness.beatFor(1);
  }
}

describe("a job of low priority", () => {
  it("leaves the room to a waiting job of another requester, for three seconds after the node shows it", async () => {
    const harness = schedulerHarness({ nodes: nodesOf(1, 1) });
    const holder = harness.submit(cores(1));
    await harness.clock.settle();
    const high = summaryOf(cores(1, { priority: 5 }));
    const low = harness.submit(cores(1));
    await repeat(harness, high, 5);
    await harness.complete(holder);
    harness.scheduler.onSummary(high);
    harness.beat();
    await repeat(harness, high, 2);
    expect(low.summary()).toBe("queued");
    await repeat(harness, high, 2);
    expect(low.summary()).toBe("running");
  });

  it("does so again when the room was taken and comes free again", async () => {
    const harness = schedulerHarness({ nodes: nodesOf(1, 1) });
    const node = harness.nodes.get("n-0");
    const free = node?.info.available;
    const holder = harness.submit(cores(1));
    await harness.clock.settle();
    const high = summaryOf(cores(1, { priority: 5 }), { slots: 9 });
    const low = harness.submit(cores(1));
    await harness.complete(holder);
    for (let round = 0; round < 3; round++) {
      if (node !== undefined && free !== undefined) node.info = { ...node.info, available: free };
      await repeat(harness, high, 2);
      if (node !== undefined && free !== undefined) node.info = { ...node.info, available: { ...free, cpuCores: 0 } };
      await repeat(harness, high, 2);
    }
    expect(low.summary()).toBe("queued");
  });

  it("of a new class waits too, and is not failed for it", async () => {
    const harness = schedulerHarness({ nodes: nodesOf(3, 1) });
    harness.scheduler.onSummary(summaryOf(cores(1, { priority: 5 })));
    const low = harness.submit(cores(0.5));
    await harness.clock.settle();
    expect(low.summary()).toBe("queued");
    expect(low.state()?.header.message).toContain("its room is left to j-high, which has a higher priority");
    await harness.beatFor(4);
    expect(low.summary()).toBe("running");
  });

  it.each<readonly [string, QueueSummary]>([
    ["of the same priority", summaryOf(cores(1))],
    ["that does not fit the node", summaryOf(cores(4, { priority: 5 }))],
    ["that is pinned to another node", summaryOf(cores(1, { priority: 5 }), { nodeId: "n-7" })],
    ["that leaves enough", summaryOf(cores(0.5, { priority: 5 }))],
  ])("does not wait for one %s", async (_what, summary) => {
    const harness = schedulerHarness({ nodes: nodesOf(1, 1) });
    harness.scheduler.onSummary(summary);
    const low = harness.submit(cores(0.5));
    await harness.clock.settle();
    expect(low.summary()).toBe("running");
  });

  it("takes only what is left beside the slots of the other", async () => {
    const harness = schedulerHarness({ nodes: nodesOf(1, 8) });
    harness.scheduler.onSummary(summaryOf(cores(1, { priority: 5 }), { slots: 5 }));
    const low = harness.submit(cores(1, { count: 8 }));
    await harness.clock.settle();
    expect(low.nodeIds()).toHaveLength(3);
  });

  it("waits no longer than three seconds for a requester that is silent", async () => {
    const harness = schedulerHarness({ nodes: nodesOf(1, 1) });
    harness.scheduler.onSummary(summaryOf(cores(1, { priority: 5 })));
    await harness.clock.advance(2_900);
    const low = harness.submit(cores(1));
    await harness.clock.settle();
    expect(low.summary()).toBe("queued");
    await harness.beatFor(1);
    expect(low.summary()).toBe("running");
  });
});

describe("the summary of a requester", () => {
  it("has the job of highest priority of each queue that waits for room, and the number of slots", async () => {
    const { submit, clock, scheduler } = schedulerHarness({ nodes: nodesOf(1, 2) });
    submit(cores(2));
    await clock.settle();
    expect(scheduler.summary().queued).toEqual([]);
    submit(cores(1));
    const high = submit(cores(1, { priority: 7, count: 3 }));
    const large = submit(cores(2, { priority: 1 }));
    await clock.settle();
    const queued = scheduler.summary().queued.map(({ jobId, priority, slots }) => [jobId, priority, slots]);
    expect(queued).toEqual([
      [high.ref.id, 7, 3],
      [large.ref.id, 1, 1],
    ]);
  });
});
