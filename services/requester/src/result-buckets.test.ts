import { createSimulatedCluster, drive, sampleInfo } from "@shoal/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createResultBuckets } from "./result-buckets.ts";

let sim = createSimulatedCluster();
let driving = drive(sim.clock);
beforeEach(() => {
  sim = createSimulatedCluster();
  driving = drive(sim.clock);
});
afterEach(() => driving.stop());

/** Results buckets over the nodes view, with an object store that records its calls. */
function harness() {
  const asked: string[] = [];
  const warned: object[] = [];
  const failing = new Set<string>();
  const forgotten = new Set<string>();
  const buckets = new Set<string>();
  const { views } = sim.requester("r");
  const note = async (what: string, nodeId: string) => {
    asked.push(`${what} ${nodeId}`);
    if (failing.has(nodeId)) throw new Error("not now");
  };
  const process = createResultBuckets({
    nodes: views.nodes,
    store: {
      ensure: (nodeId) => note("ensure", nodeId).then(() => void buckets.add(nodeId)),
      remove: (nodeId) => note("remove", nodeId).then(() => void buckets.delete(nodeId)),
      nodeIds: async () => [...buckets],
    },
    isForgotten: async (nodeId) => forgotten.has(nodeId),
    isMine: (nodeId) => nodeId !== "n-theirs",
    clock: sim.clock,
    logger: { info: () => {}, warn: (facts) => void warned.push(facts) },
  });
  const put = (nodeId: string, seq: number, publishers: readonly string[] = ["nats"]) =>
    views.nodes.put(nodeId, { seq, info: { ...sampleInfo(nodeId), publishers } });
  return { asked, warned, failing, forgotten, buckets, views, process, put };
}

it("creates a bucket once for every node that publishes to the object store, and retries when that failed", async () => {
  const { asked, warned, failing, views, process, put } = harness();
  failing.add("n-bad");
  await put("n-one", 1, ["local", "nats"]);
  await process.start();
  await put("n-none", 2, ["local"]);
  await put("n-bad", 3);
  await expect.poll(() => warned).toMatchObject([{ nodeId: "n-bad", why: "not now" }]);
  failing.clear();
  await put("n-one", 4);
  await put("n-bad", 5);
  await expect.poll(() => asked).toEqual(["ensure n-one", "ensure n-bad", "ensure n-bad"]);
  await views.nodes.put("n-odd", { seq: 6, info: "junk" });
  await process.stop();
});

it("deletes the bucket of a node that the log has forgotten, and recreates it when the node rejoins", async () => {
  const { asked, forgotten, views, process, put } = harness();
  await process.start();
  await put("n-one", 1);
  forgotten.add("n-one");
  await views.nodes.remove("n-one", 2);
  await expect.poll(() => asked).toEqual(["ensure n-one", "remove n-one"]);
  forgotten.delete("n-one");
  await put("n-one", 3);
  await expect.poll(() => asked).toEqual(["ensure n-one", "remove n-one", "ensure n-one"]);
  await process.stop();
});

it("deletes nothing when entries are absent, or another requester owns the node", async () => {
  const { asked, buckets, forgotten, views, process, put } = harness();
  await process.start();
  for (const nodeId of ["n-one", "n-theirs"]) await put(nodeId, 1);
  await expect.poll(() => buckets.size).toBe(2);
  sim.drop("nodes");
  forgotten.add("n-theirs");
  await views.nodes.remove("n-theirs", 2);
  await put("n-last", 3);
  await expect.poll(() => asked).toEqual(["ensure n-one", "ensure n-theirs", "ensure n-last"]);
  await process.stop();
});

it("deletes the bucket of a node that was forgotten while no requester ran", async () => {
  const { asked, buckets, forgotten, process, put } = harness();
  for (const nodeId of ["n-one", "n-forgotten", "n-unsure"]) buckets.add(nodeId);
  forgotten.add("n-forgotten");
  await put("n-one", 1);
  await process.start();
  await expect.poll(() => asked).toEqual(["ensure n-one", "remove n-forgotten"]);
  await process.stop();
});
