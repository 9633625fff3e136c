import type { ExecutionRuntime, GpuDevice } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { assignmentOf, testResources } from "../testing/assignments.ts";
import { createNodeHarness, type NodeHarness } from "../testing/node-harness.ts";
import { createSurvivor } from "../testing/survivor.ts";

const gpus: readonly GpuDevice[] = [0, 1].map((index) => ({
  ...{ index, name: "Tesla T4", vendor: "NVIDIA", memoryMiB: 15_360 },
  pciAddress: `0000:0${index}:00.0`,
}));
const capacity = { cpuCores: 4, memoryBytes: 2 ** 33, diskBytes: 2 ** 35, gpus: 2 };
const settings = { gpus, capacity, perTask: capacity };
const resources = { ...testResources, gpus: 1 };
const task = { engine: { type: "noop", params: { RunSeconds: 600 } } };
const assigned = (executionId: string, jobType = "service") => assignmentOf({ executionId, jobType, task, resources });

function gpusOf(harness: NodeHarness, executionId: string): readonly (readonly number[] | undefined)[] {
  return harness.received(executionId).flatMap((saw) => {
    if (saw.kind !== "running") return [];
    const runtime: ExecutionRuntime | undefined = saw.runtime;
    return [runtime?.gpus?.map(({ index }) => index)];
  });
}

describe("a node with GPUs that was killed", () => {
  it("gives an execution that runs again the same device, and another one the rest", async () => {
    const harness = createNodeHarness({ settings });
    const first = await harness.boot();
    const spare = assigned("e-spare");
    harness.assign(spare);
    await harness.sim.clock.advance(50);
    harness.assign(assigned("e-kept"));
    await harness.sim.clock.advance(50);
    // The first device is free when the node starts again, so only the journal can say which one was given.
    harness.unassign(spare);
    await harness.sim.clock.advance(50);
    first.kill();
    await harness.boot();
    await harness.sim.clock.advance(1_000);
    harness.assign(assigned("e-later"));
    await harness.sim.clock.advance(1_000);
    const [before, after] = gpusOf(harness, "e-kept");
    expect(before).toEqual([1]);
    expect(after).toEqual([1]);
    expect(gpusOf(harness, "e-later")).toEqual([[0]]);
  });

  it("keeps the device of an execution whose assignment is gone, until a requester has denied it", async () => {
    const { executor } = createSurvivor();
    const harness = createNodeHarness({ settings, executors: () => [executor] });
    const survivors = { engine: { type: "survivor" } };
    const first = await harness.boot();
    harness.assign(assignmentOf({ executionId: "e-absent", task: survivors, resources }));
    await harness.sim.clock.advance(50);
    first.kill();
    harness.setVerdict(() => undefined);
    harness.sim.views.assignments.drop();
    await harness.boot();
    harness.assign(assignmentOf({ executionId: "e-next", task: survivors, resources, attempt: 2 }));
    await harness.sim.clock.advance(1_000);
    expect(gpusOf(harness, "e-absent")).toEqual([[0]]);
    expect(gpusOf(harness, "e-next")).toEqual([[1]]);
  });
});
