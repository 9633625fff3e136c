import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { expectAllPromisesKept } from "./at-rest.ts";
import { startLoad } from "./client-load.ts";
import { endedIn, hasTaken, isShared, shardsOf } from "./decisions.ts";
import { withFaultCluster } from "./fault-cluster.ts";

onServer(() => {
  it("keeps every promise when a requester is killed under load and started again", async () => {
    await withFaultCluster({ restart: false }, async (cluster) => {
      const { witness, devstack } = cluster;
      const load = startLoad(cluster);
      await witness.until(
        "both decide",
        () => isShared(witness, ["requester-0", "requester-1"]) && endedIn(witness) > 20,
      );
      const shards = shardsOf(witness, "requester-0");
      devstack.kill("requester-0");
      const after = witness.commits.length;
      await witness.until("the other decides in all of its shards", () =>
        hasTaken(witness, "requester-1", { shards, after }),
      );
      await cluster.startAgain(0);
      const back = witness.commits.length;
      await witness.until("it decides again", () => shardsOf(witness, "requester-0", back).size > 0);
      await load.finish();
      await expectAllPromisesKept(cluster, load.told);
      expect(load.told.stopped.size).toBeGreaterThan(0);
    });
  });
});
