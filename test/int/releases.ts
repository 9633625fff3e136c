import { type Kinds, type Process, registry, silentLogger } from "@shoal/core";
import { nextFeatureLevel, nextKinds, thisKinds } from "@shoal/core/testing";
import { connectNode, connectRequester, messageReader, type RequesterPorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { featureLevel } from "@shoal/proto";
import type { NatsBench } from "../../libs/nats/src/testing/nats-bench.ts";
import { createCompute } from "../../services/compute/src/create-compute.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import { testSettings } from "../../services/compute/src/testing/node-bench.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { inMemory } from "../../services/requester/src/catalog/open-database.ts";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import { createRequester, type Requester } from "../../services/requester/src/create-requester.ts";
import { verifyPartsOf } from "../../services/requester/src/verify/open-replay.ts";
import { sliceRebuilder } from "../../services/requester/src/verify/rebuild-slice.ts";
import { verifyViews } from "../../services/requester/src/verify/view-verifier.ts";
import { until } from "./in-process.ts";

const nodeId = "n-one";

/** This release, and a next one made of the same code. */
export const releases = {
  current: { kinds: thisKinds, featureLevel },
  next: { kinds: nextKinds, featureLevel: nextFeatureLevel },
} satisfies Record<string, { readonly kinds: Kinds; readonly featureLevel: number }>;

/** A requester of one release that runs. */
export interface RunningRequester {
  readonly requester: Requester;
  readonly nats: RequesterPorts;
  stop(): Promise<void>;
}

/** A cluster whose requesters may be of different releases. */
export interface MixedCluster {
  /** Leases that were taken so far, by any requester. */
  readonly leasesTaken: () => number;
  readonly live: ReadonlyMap<string, RunningRequester>;
  start(requesterId: string, release: keyof typeof releases): Promise<RunningRequester>;
  /** Stops a requester in order, and starts it as another release. */
  replace(requesterId: string, release: keyof typeof releases): Promise<RunningRequester>;
  /** Verifies the whole log and all views as the next release reads them. */
  verify(): ReturnType<typeof verifyViews>;
  close(): Promise<void>;
}

/** Starts a node on a server; requesters come later. */
export async function startMixedCluster({ server }: NatsBench): Promise<MixedCluster> {
  const servers = [server().url];
  const first = await connect(servers, "setup", thisKinds);
  const node = await startNode(servers);
  const live = new Map<string, RunningRequester>();
  let taken = 0;
  const cluster: MixedCluster = {
    leasesTaken: () => taken,
    live,
    async start(requesterId, release) {
      const nats = await connect(servers, requesterId, releases[release].kinds);
      const { leases } = nats;
      const counted = {
        ...leases,
        async acquire(shard: number) {
          const lease = await leases.acquire(shard);
          if (lease !== undefined) taken++;
          return lease;
        },
      };
      const running = await run({ ...nats, leases: counted }, requesterId, release);
      live.set(requesterId, running);
      // A job that is submitted before any node is known fails.
      await until("the node", async () => running.requester.membership.candidate(nodeId) !== undefined);
      return running;
    },
    async replace(requesterId, release) {
      await live.get(requesterId)?.stop();
      live.delete(requesterId);
      return cluster.start(requesterId, release);
    },
    async verify() {
      const nats = await connect(servers, "verifier", nextKinds);
      const parts = { ...verifyPartsOf(nats), kinds: nextKinds, read: messageReader(nextKinds) };
      return await verifyViews(parts, { settleMs: 5_000 }).finally(() => nats.close());
    },
    async close() {
      for (const each of live.values()) await each.stop();
      await node.close();
      await first.close();
    },
  };
  return cluster;
}

function connect(servers: readonly string[], requesterId: string, kinds: Kinds): Promise<RequesterPorts> {
  const ignore = () => undefined;
  return connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId,
    servers,
    replicas: 1,
    kinds,
    onParked: ignore,
    onTrouble: ignore,
  });
}

async function run(
  nats: RequesterPorts,
  requesterId: string,
  release: keyof typeof releases,
): Promise<RunningRequester> {
  const catalog = createCatalog({ views: nats.views.jobs, file: inMemory });
  const logger = { info: () => undefined, warn: () => undefined };
  const { kinds } = releases[release];
  const requester = createRequester(
    {
      requesterId,
      auction: { width: 1, rounds: 1, waitMs: 300 },
      nodes: { disconnectAfterMs: 60_000, settleMs: 500 },
      positionsMs: 200,
      ...releases[release],
    },
    {
      ...nats,
      catalog,
      clock: systemClock(),
      random: systemRandom,
      logger,
      rebuild: sliceRebuilder({ ...nats, kinds }),
    },
  );
  const processes = [catalog, ...requester.processes];
  for (const each of processes) await each.start();
  return {
    requester,
    nats,
    async stop() {
      for (const each of processes.toReversed()) await each.stop();
      await nats.close();
    },
  };
}

async function startNode(servers: readonly string[]): Promise<{ close(): Promise<void> }> {
  const clock = systemClock();
  const node = await connectNode({ clock: systemClock(), random: systemRandom, nodeId, servers });
  const processes: readonly Process[] = createCompute(
    { ...testSettings, nodeId },
    {
      ...node,
      clock,
      random: systemRandom,
      journal: memoryJournal(new Map(), () => true),
      workspace: memoryWorkspace(new Map()),
      executors: registry("executor", [noop(clock)]),
      sources: registry("source", []),
      publishers: registry("publisher", []),
      env: {},
      logger: silentLogger,
    },
  );
  for (const each of processes) await each.start();
  return {
    async close() {
      for (const each of processes.toReversed()) await each.stop();
      await node.close();
    },
  };
}
