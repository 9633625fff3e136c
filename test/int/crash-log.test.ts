import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { expectAllPromisesKept } from "./at-rest.ts";
import { startLoad } from "./client-load.ts";
import { endedIn } from "./decisions.ts";
import { withFaultCluster } from "./fault-cluster.ts";

onServer(() => {
  it("keeps every promise when the NATS server is killed under load, and nobody else needs a restart", async () => {
    await withFaultCluster({}, async (cluster) => {
      const { witness, devstack, news } = cluster;
      const load = startLoad(cluster);
      await witness.until("a cluster at work", () => endedIn(witness) > 20);
      const { nats: _, ...others } = devstack.pids();
      devstack.kill("nats");
      await news.first(({ name, what }) => name === "nats" && what === "back");
      const jobs = witness.story.jobs.size;
      await witness.until(
        "new jobs, and their ends",
        () => witness.story.jobs.size > jobs + 20 && endedIn(witness) > jobs,
      );
      await load.finish();
      expect(devstack.pids()).toMatchObject(others);
      expect(new Set(news.all.map(({ name }) => name))).toEqual(new Set(["nats"]));
      await expectAllPromisesKept(cluster, load.told);
    });
  });
});
