import { silentLogger } from "@shoal/core";
import { systemClock } from "@shoal/node";
import { NodeDisconnected, NodeForgotten } from "@shoal/proto";
import { expect, it } from "vitest";
import { isForgotten } from "./nodes/forgotten-nodes.ts";
import { createResultBuckets } from "./result-buckets.ts";
import { logOnServer } from "./testing/log-on-server.ts";

it("deletes the results bucket of a node that was forgotten, and no other, also when the view is deleted", async () => {
  const harness = await logOnServer();
  const { ports, append, join } = harness;
  const { log, views } = ports;
  const process = createResultBuckets({
    nodes: views.nodes,
    store: {
      ensure: ports.ensureResultsBucket,
      remove: ports.removeResultsBucket,
      nodeIds: ports.nodesWithResults,
    },
    isForgotten: (nodeId) => isForgotten(log, nodeId),
    isMine: () => true,
    clock: systemClock(),
    logger: silentLogger,
  });
  try {
    await process.start();
    for (const nodeId of ["n-one", "n-other"]) {
      await join(nodeId);
      await ports.ensureResultsBucket(nodeId);
    }
    expect([...(await ports.nodesWithResults())].sort()).toEqual(["n-one", "n-other"]);
    const aggregate = { kind: "node", namespace: "", id: "n-one" };
    const last = (await log.load(aggregate)).at(-1) ?? expect.unreachable();
    const left = NodeDisconnected.of({ why: "silent", lastSeenAt: 1, forgetAt: 2 });
    const { seq } = await append(aggregate, last, left, NodeForgotten.of({}));
    await views.nodes.remove("n-one", seq);
    await expect.poll(() => ports.nodesWithResults(), { timeout: 10_000 }).toEqual(["n-other"]);
    const { streams } = await ports.session.manager();
    await streams.delete("KV_nodes");
    await ports.ensureBucket("nodes");
    await join("n-third");
    await ports.ensureResultsBucket("n-third");
    await expect.poll(() => views.nodes.get("n-third"), { timeout: 10_000 }).toBeDefined();
    expect([...(await ports.nodesWithResults())].sort()).toEqual(["n-other", "n-third"]);
    await ports.removeResultsBucket("n-unknown");
  } finally {
    await process.stop();
    await harness.close();
  }
});
