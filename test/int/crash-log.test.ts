import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { startLoad } from "./client-load.ts";
import { endedIn } from "./decisions.ts";
import { withFaultCluster } from "./fault-cluster.ts";
import { expectAllPromisesHold } from "./quiescence.ts";

onServer(() => {
  it("keeps every promise when the NATS server is killed under load, and no other process needs a restart", async () => {
    await withFaultCluster({}, async (cluster) => {
      const { observer, devstack, news } = cluster;
      const load = startLoad(cluster);
      await observer.until("a cluster at work", () => endedIn(observer) > 20);
      const { nats: _, ...others } = devstack.pids();
      devstack.kill("nats");
      await news.first(({ name, what }) => name === "nats" && what === "back");
      const jobs = observer.trace.jobs.size;
      await observer.until(
        "new jobs, and their ends",
        () => observer.trace.jobs.size > jobs + 20 && endedIn(observer) > jobs,
      );
      await load.finish();
      expect(devstack.pids()).toMatchObject(others);
      expect(new Set(news.all.map(({ name }) => name))).toEqual(new Set(["nats"]));
      await expectAllPromisesHold(cluster, load.acknowledgements);
    });
  });
});
