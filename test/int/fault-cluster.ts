import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@shoal/client";
import { type Recorded, record } from "@shoal/core/testing/contracts";
import { connectRequester, type NatsRequesterPorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { openReplay } from "@shoal/requester";
import { type Child, startChild } from "../../apps/cli/src/devstack/child.ts";
import { openDataDir } from "../../apps/cli/src/devstack/data-dir.ts";
import type { MemberNews } from "../../apps/cli/src/devstack/member.ts";
import { requesterPlan, requesterUser } from "../../apps/cli/src/devstack/plans.ts";
import type { DevstackSettings } from "../../apps/cli/src/devstack/settings.ts";
import { type Devstack, startDevstack } from "../../apps/cli/src/devstack/start-devstack.ts";
import { createObserver, type Observer } from "./observer.ts";

/** A cluster of real processes for fault injection, with its observers. */
export interface FaultCluster {
  readonly devstack: Devstack;
  /** Fails over between all requesters after a second or two without a response. */
  readonly client: Client;
  readonly observer: Observer;
  readonly ports: NatsRequesterPorts;
  /** Exits and restarts of processes, in order. */
  readonly news: Recorded<MemberNews>;
  /** The password of a user of its NATS server. */
  passwordOf(user: string): string;
  /** Restarts a requester that died on its own data and port, when the devstack does not. */
  startAgain(requester: number): Promise<void>;
  /** Rebuilds all views from the log, and compares them. */
  replay(): Promise<unknown>;
  stop(): Promise<void>;
}

/** The options of a test's cluster. */
export type FaultSettings = Partial<Pick<DevstackSettings, "requesters" | "nodes" | "restart">> & {
  readonly nodeSettings?: Readonly<Record<string, string>>;
  readonly requesterSettings?: Readonly<Record<string, string>>;
};

// A paused requester does not respond; a client with another address uses that one after this time.
const answerMs = 2_000;

/** Starts a cluster on a data directory and connects to its log. */
export async function startFaultCluster(dataDir: string, settings: FaultSettings = {}): Promise<FaultCluster> {
  const news = record<MemberNews>();
  const whole = {
    requesters: 2,
    nodes: 2,
    port: 0,
    natsPort: 0,
    dataDir,
    restart: true,
    ...settings,
    nodeSettings: { "log.level": "warn", "wasm.poolSize": "0", ...settings.nodeSettings },
    requesterSettings: { "log.level": "warn", ...settings.requesterSettings },
  };
  const devstack = await startDevstack(whole, { onNews: news.push, signal: new AbortController().signal });
  try {
    return await watched({ devstack, settings: whole, news });
  } catch (failure) {
    await devstack.stop();
    throw failure;
  }
}

interface Started {
  readonly devstack: Devstack;
  readonly settings: DevstackSettings;
  readonly news: Recorded<MemberNews>;
}

async function watched({ devstack, settings, news }: Started): Promise<FaultCluster> {
  const dataDir = openDataDir(settings.dataDir);
  const { passwordOf } = dataDir;
  const restarted: Child[] = [];
  const access = {
    "nats.url": devstack.facts.nats,
    "nats.user": requesterUser,
    "nats.password": passwordOf(requesterUser),
  };
  const ports = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: "observer",
    servers: [devstack.facts.nats],
    user: requesterUser,
    pass: passwordOf(requesterUser),
    replicas: 1,
    onParked: () => undefined,
    onNatsError: () => undefined,
  });
  const observer = await createObserver(ports.log);
  return {
    devstack,
    client: createClient({ endpoints: devstack.facts.api, fetch: impatient }),
    observer,
    ports,
    news,
    passwordOf,
    async startAgain(requester) {
      const port = Number(new URL(devstack.facts.api[requester] ?? "").port);
      const child = startChild(requesterPlan(requester, port, { dataDir, settings, natsUrl: devstack.facts.nats }));
      restarted.push(child);
      await child.ready;
    },
    async replay() {
      const opened = await openReplay({ env: {}, flags: access });
      return await opened.run().finally(() => opened.close());
    },
    async stop() {
      await observer.close();
      await ports.close();
      await Promise.all(restarted.map((child) => child.stop()));
      await devstack.stop();
    },
  };
}

/** fetch with a time limit; an event feed has none. */
function impatient(url: string, init: RequestInit): Promise<Response> {
  if (url.includes("/events")) return fetch(url, init);
  const limit = AbortSignal.timeout(answerMs);
  return fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit });
}

/** Runs a test in a temporary folder, with a cluster that is stopped however the test ends. */
export async function withFaultCluster(
  settings: FaultSettings,
  test: (cluster: FaultCluster, dataDir: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-int-"));
  try {
    const cluster = await startFaultCluster(join(folder, "data"), settings);
    await test(cluster, join(folder, "data")).finally(cluster.stop);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
