import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Client, createClient } from "@shoal/client";
import { findServer, startServer } from "@shoal/nats";
import { startChild } from "../../apps/cli/src/devstack/child.ts";
import { openDataDir } from "../../apps/cli/src/devstack/data-dir.ts";
import { natsUsers } from "../../apps/cli/src/devstack/nats-users.ts";
import { nodeName, requesterPlan } from "../../apps/cli/src/devstack/plans.ts";
import { defaults } from "../../apps/cli/src/devstack/settings.ts";
import { type Blocked, openBlockedProbe } from "./blocked.ts";
import { inWindow } from "./measure.ts";
import { type SyntheticNode, startSyntheticNode } from "./synthetic-node.ts";

/** One requester in a separate process, and many synthetic nodes in this one, each with its own connection, user and rights. */
export interface SyntheticCluster {
  readonly api: string;
  readonly client: Client;
  /** The number of asks that the nodes have received since the last call. */
  takeAsks(): number;
  /** Stops it; resolves with the longest block of the requester's event loop since the start. */
  stop(): Promise<Blocked>;
}

// Nodes that connect concurrently: the server's listen queue is bounded.
const connectingAtOnce = 50;
// A thousand nodes join within seconds on two cores.
const joinMs = 60_000;
// The interval between two reads of the list of nodes.
const lookMs = 250;

export async function startSyntheticCluster(nodes: number): Promise<SyntheticCluster> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-bench-"));
  const dataDir = openDataDir(folder);
  const settings = {
    ...defaults,
    nodes,
    requesterSettings: { "log.level": "warn", "http.requestsPerSecond": "1000000" },
  };
  const users = await natsUsers(settings, dataDir);
  const server = await startServer(await findServer(), { dataDir: dataDir.of("nats"), port: -1, users });
  const probe = await openBlockedProbe();
  const requester = startChild(requesterPlan(0, 0, { dataDir, settings, natsUrl: server.url }));
  const api = String((await requester.ready)["api"]);
  const client = createClient({ endpoints: api });
  let asks = 0;
  let isStopping = false;
  const started: SyntheticNode[] = [];
  await inWindow(nodes, connectingAtOnce, async (index) => {
    const nodeId = nodeName(index);
    const connection = {
      ...{ nodeId, servers: [server.url], user: nodeId, pass: dataDir.passwordOf(nodeId) },
      // A closed connection reports that it is down.
      onNatsError: (what: string) => void (isStopping || console.error(`${nodeId}: ${what}`)),
    };
    const onAsks = (count: number) => {
      asks += count;
    };
    started.push(await startSyntheticNode({ connection, onAsks }));
  });
  await joined(client, nodes);
  probe.begin(requester.pid());
  return {
    api,
    client,
    takeAsks() {
      const taken = asks;
      asks = 0;
      return taken;
    },
    async stop() {
      isStopping = true;
      await requester.stop();
      const blocked = await probe.longest(requester.pid());
      await inWindow(started.length, connectingAtOnce, async (index) => started[index]?.stop());
      await server.stop();
      await probe.close();
      await rm(folder, { recursive: true, force: true });
      return blocked;
    },
  };
}

/** Resolves when the API lists `count` connected nodes. Throws when they do not join. */
async function joined(client: Client, count: number): Promise<void> {
  const until = performance.now() + joinMs;
  while (performance.now() < until) {
    const nodes = await client.nodes();
    const connected = nodes.filter(({ info, connection }) => info.nodeType === "Compute" && connection === "connected");
    if (connected.length >= count) return;
    await setTimeout(lookMs);
  }
  throw new Error(`expected ${count} nodes to join in ${joinMs} ms`);
}
