import { type ReleaseName, releases } from "@shoal/core/testing";
import { connectRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import type { NatsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { verifyPartsOf } from "../../services/requester/src/verify/open-replay.ts";
import { verifyViews } from "../../services/requester/src/verify/view-verifier.ts";
import { until } from "./in-process.ts";
import { nodeId, startNode } from "./start-node.ts";
import { type RunningRequester, startRequester } from "./start-requester.ts";

/** A cluster whose requesters may be of different releases. */
export interface MixedCluster {
  /** The number of leases taken so far, by any requester. */
  readonly leasesTaken: () => number;
  readonly live: ReadonlyMap<string, RunningRequester>;
  start(requesterId: string, release: ReleaseName): Promise<RunningRequester>;
  /** Stops a requester in order, and starts it as another release. */
  replace(requesterId: string, release: ReleaseName): Promise<RunningRequester>;
  /** Verifies the whole log and all views as the next release reads them. */
  verify(): ReturnType<typeof verifyViews>;
  close(): Promise<void>;
}

/** Starts a node on a server; requesters come later. */
export async function startMixedCluster({ server }: NatsHarness): Promise<MixedCluster> {
  const { url } = server();
  // The streams must exist before the node.
  const first = await connectAs("setup", url, "current");
  const node = await startNode(url);
  const live = new Map<string, RunningRequester>();
  let taken = 0;
  const cluster: MixedCluster = {
    leasesTaken: () => taken,
    live,
    async start(requesterId, release) {
      const running = await startRequester({
        ...{ url, requesterId, ...releases[release] },
        leases: (own) => ({
          ...own,
          async acquire(shard) {
            const lease = await own.acquire(shard);
            if (lease !== undefined) taken++;
            return lease;
          },
        }),
      });
      live.set(requesterId, running);
      // A job that is submitted before a node is known fails.
      await until("the node", async () => running.requester.membership.candidate(nodeId) !== undefined);
      return running;
    },
    async replace(requesterId, release) {
      await live.get(requesterId)?.stop();
      live.delete(requesterId);
      return cluster.start(requesterId, release);
    },
    async verify() {
      const nats = await connectAs("verifier", url, "next");
      const parts = verifyPartsOf(nats, releases.next.kinds);
      return await verifyViews(parts, { recheckMs: 5_000 }).finally(() => nats.close());
    },
    async close() {
      for (const each of live.values()) await each.stop();
      await node.close();
      await first.close();
    },
  };
  return cluster;
}

function connectAs(requesterId: string, url: string, release: ReleaseName) {
  const ignore = () => undefined;
  const { kinds } = releases[release];
  const quiet = { onParked: ignore, onNatsError: ignore };
  const ports = { clock: systemClock(), random: systemRandom };
  return connectRequester({ ...ports, requesterId, servers: [url], replicas: 1, kinds, ...quiet });
}
