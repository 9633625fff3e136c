import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { mixed, startLoad } from "./client-load.ts";
import { endedIn } from "./decisions.ts";
import { type FaultCluster, withFaultCluster } from "./fault-cluster.ts";
import type { JobLedger, Placed } from "./job-ledger.ts";
import type { Observer } from "./observer.ts";
import { expectAllPromisesHold } from "./quiescence.ts";

const victim = "node-1";

/** A mix in which every second job still runs when its events arrive here. */
const spec = (serial: number) => ({ ...mixed(serial), ...(serial % 2 === 0 ? { runSeconds: 1.5 } : {}) });

interface Try extends Placed {
  readonly job: JobLedger;
}

/** Executions of the node. */
const onVictim = ({ trace }: Observer): readonly Try[] =>
  [...trace.jobs.values()].flatMap((job) =>
    [...job.placed.values()].flatMap((placed) => (placed.nodeId === victim ? [{ ...placed, job }] : [])),
  );
const withState = (observer: Observer, state: string) => onVictim(observer).filter((each) => each.state === state);
const withCode = (observer: Observer, code: string) => onVictim(observer).filter((each) => each.code === code);

/** Its partition was completed, unless its job ended in another way. */
const isMadeGood = ({ partition, job }: Try): boolean =>
  job.end() !== "completed" ||
  [...job.placed.values()].some((each) => each.partition === partition && each.state === "completed");

async function killAtWork({ observer, devstack }: FaultCluster): Promise<void> {
  await observer.until("work on the node", () => withState(observer, "running").length > 2 && endedIn(observer) > 10);
  devstack.kill(victim);
}

onServer(() => {
  it("retries the executions of a killed node on other nodes", async () => {
    const settings = { nodes: 3, restart: false, requesterSettings: { "nodes.disconnectAfterMs": "1500" } };
    await withFaultCluster(settings, async (cluster) => {
      const { observer } = cluster;
      const load = startLoad({ ...cluster, spec });
      await killAtWork(cluster);
      await observer.until("the loss of its executions", () => withCode(observer, "NODE_LOST").length > 0);
      await load.finish();
      expect(withCode(observer, "NODE_LOST").filter((lost) => !isMadeGood(lost))).toEqual([]);
      await expectAllPromisesHold(cluster, load.acknowledgements);
    });
  });

  it("fails and retries the executions of a node that is killed and restarts at once", async () => {
    await withFaultCluster({ nodes: 3 }, async (cluster) => {
      const { observer, news } = cluster;
      const load = startLoad({ ...cluster, spec });
      await killAtWork(cluster);
      await observer.until("failures by the restart", () => withCode(observer, "NODE_RESTARTED").length > 0);
      await news.first(({ name, what }) => name === victim && what === "back");
      const done = withState(observer, "completed").length;
      await observer.until("work on the node again", () => withState(observer, "completed").length > done);
      await load.finish();
      expect(withCode(observer, "NODE_RESTARTED").filter((failed) => !isMadeGood(failed))).toEqual([]);
      expect(withCode(observer, "NODE_LOST")).toEqual([]);
      await expectAllPromisesHold(cluster, load.acknowledgements);
    });
  });
});
