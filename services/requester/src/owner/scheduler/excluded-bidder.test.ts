import type { Release } from "@shoal/proto";
import { expect, it } from "vitest";
import { harnessSpec } from "../../testing/api-harness.ts";
import { nodesOf, schedulerHarness } from "../../testing/scheduler-harness.ts";

it("a node that is drained or rejected while it answers gets no work, and its hold is released", async () => {
  const releases: (Release & { readonly nodeId: string })[] = [];
  const harness = schedulerHarness({
    nodes: nodesOf(1),
    onRelease: (nodeId, release) => void releases.push({ nodeId, ...release }),
  });
  const [node = expect.unreachable()] = harness.nodes.values();
  node.refuses = () => void harness.exclude("n-0");
  const job = harness.submit(harnessSpec());
  await harness.clock.settle();
  expect([job.nodeIds(), node.asks, job.summary()]).toEqual([[], 1, "queued"]);
  expect(releases).toMatchObject([{ nodeId: "n-0", slots: 1 }]);
  node.refuses = () => undefined;
  harness.beat();
  await harness.beatFor(31);
  expect(job.nodeIds()).toEqual(["n-0"]);
});
