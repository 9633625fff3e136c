import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { startLoad } from "./client-load.ts";
import { endedIn, hasTaken, isShared, shardsOf } from "./decisions.ts";
import { withFaultCluster } from "./fault-cluster.ts";
import { expectAllPromisesHold } from "./quiescence.ts";

onServer(() => {
  it("keeps every promise when a requester is killed under load and started again", async () => {
    await withFaultCluster({ restart: false }, async (cluster) => {
      const { observer, devstack } = cluster;
      const load = startLoad(cluster);
      await observer.until(
        "both decide",
        () => isShared(observer, ["requester-0", "requester-1"]) && endedIn(observer) > 20,
      );
      const shards = shardsOf(observer, "requester-0");
      devstack.kill("requester-0");
      const after = observer.commits.length;
      await observer.until("the other decides in all of its shards", () =>
        hasTaken(observer, "requester-1", { shards, after }),
      );
      await cluster.startAgain(0);
      const back = observer.commits.length;
      await observer.until("it decides again", () => shardsOf(observer, "requester-0", back).size > 0);
      await load.finish();
      await expectAllPromisesHold(cluster, load.acknowledgements);
      expect(load.acknowledgements.stopped.size).toBeGreaterThan(0);
    });
  });
});
