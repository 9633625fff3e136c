import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@shoal/client";
import { connectRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { openDataDir } from "../../apps/cli/src/devstack/data-dir.ts";
import { requesterUser } from "../../apps/cli/src/devstack/plans.ts";
import { type Devstack, startDevstack } from "../../apps/cli/src/devstack/start-devstack.ts";
import { type Blocked, openBlockedProbe } from "./blocked.ts";

/** A whole cluster to measure: one requester and some nodes, each a process, with enough room for every job. */
export interface BenchCluster {
  readonly api: string;
  readonly client: Client;
  readonly devstack: Devstack;
  /** How a tool connects to the log with all rights. */
  readonly natsSettings: Readonly<Record<string, string>>;
  connect(): ReturnType<typeof connectRequester>;
  /** The resident memory of one of its processes, bytes; 0 where the system does not report it. */
  rssBytes(name: string): Promise<number>;
  /** The CPU time that one of its processes has used, milliseconds; 0 where the system does not report it. */
  cpuMs(name: string): Promise<number>;
  /** Stops it; resolves with the longest block of the requester's event loop since the start. */
  stop(): Promise<Blocked>;
}

// Room for every concurrent no-op of a run, because this bench does not measure the queue.
const roomy = { "capacity.cpu": "1000", "capacity.memory": "1TB", "log.level": "warn" };

export interface ClusterOptions {
  readonly nodes?: number;
  /** Settings of the nodes beside those for room. */
  readonly nodeSettings?: Readonly<Record<string, string>>;
}

/** Starts a cluster of one requester and `nodes` nodes, three by default. */
export async function startCluster({ nodes = 3, nodeSettings = {} }: ClusterOptions = {}): Promise<BenchCluster> {
  const dataDir = await mkdtemp(join(tmpdir(), "shoal-bench-"));
  const probe = await openBlockedProbe();
  const devstack = await startDevstack(
    {
      requesters: 1,
      nodes,
      port: 0,
      natsPort: 0,
      dataDir,
      restart: false,
      nodeSettings: { ...roomy, "capacity.slots": "10000", ...nodeSettings },
      requesterSettings: { "log.level": "warn", "http.requestsPerSecond": "1000000" },
    },
    { onNews: ({ name, why }) => console.error(`${name}: ${why}`), signal: new AbortController().signal },
  );
  const [api = ""] = devstack.facts.api;
  const requesterPid = devstack.pids()["requester-0"] ?? 0;
  probe.begin(requesterPid);
  const password = openDataDir(dataDir).passwordOf(requesterUser);
  return {
    api,
    client: createClient({ endpoints: api }),
    devstack,
    natsSettings: { "nats.url": devstack.facts.nats, "nats.user": requesterUser, "nats.password": password },
    connect: () =>
      connectRequester({
        clock: systemClock(),
        random: systemRandom,
        requesterId: "bench",
        servers: [devstack.facts.nats],
        user: requesterUser,
        pass: password,
        replicas: 1,
        onParked: () => undefined,
        onNatsError: () => undefined,
      }),
    rssBytes: (name) => rssOf(devstack.pids()[name] ?? 0),
    cpuMs: (name) => cpuOf(devstack.pids()[name] ?? 0),
    async stop() {
      await devstack.stop();
      const blocked = await probe.longest(requesterPid);
      await probe.close();
      await rm(dataDir, { recursive: true, force: true });
      return blocked;
    },
  };
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

// The unit of CPU time in Linux, independent of the kernel's clock: 10 ms (proc(5), sysconf(_SC_CLK_TCK)).
const tickMs = 10;

async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // After the name, which may contain any character, follow the state and ten numbers, then the time in user and in kernel mode.
  const [user, kernel] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user ?? 0) + Number(kernel ?? 0)) * tickMs;
}
