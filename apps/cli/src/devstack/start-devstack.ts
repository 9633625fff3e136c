import { resolve } from "node:path";
import { CliError } from "../failure.ts";
import type { ReadyFacts } from "../process/parent.ts";
import { startChild } from "./child.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { wantFreePort } from "./free-port.ts";
import { type DevstackFacts, rememberCluster } from "./known-cluster.ts";
import { type LogServer, openLogServer } from "./log-server.ts";
import { type Member, type MemberNews, startMember } from "./member.ts";
import { natsUsers } from "./nats-users.ts";
import { nodePlan, requesterPlan } from "./plans.ts";
import type { DevstackSettings } from "./settings.ts";
import { waitForNodes } from "./wait-for-nodes.ts";

/** A running cluster on this machine. */
export interface Devstack {
  readonly facts: DevstackFacts;
  /** The current process ids, by name. */
  pids(): Readonly<Record<string, number>>;
  /** Kills a process with SIGKILL. */
  kill(name: string): void;
  /** Stops everything in order: nodes, requesters, then the log. */
  stop(): Promise<void>;
}

/** The callbacks and the signal of a start. */
export interface StartOptions {
  /** Called when a process dies or is back. */
  readonly onNews: (news: MemberNews) => void;
  /** Cancels a start in progress. */
  readonly signal: AbortSignal;
}

/** Starts a cluster and resolves once jobs can run on it. Stops what was started when a part fails or the signal fires. */
export async function startDevstack(settings: DevstackSettings, options: StartOptions): Promise<Devstack> {
  const dataDir = openDataDir(resolve(settings.dataDir));
  const users = await natsUsers(settings, dataDir);
  const logServer = await openLogServer({ dataDir: dataDir.of("nats"), users, signal: options.signal });
  const started: Member[] = [];
  const stop = async (): Promise<void> => {
    await stopAll(started);
    logServer.release();
  };
  try {
    const api = await startAll(started, { settings, dataDir, logServer, ...options });
    const devstack = devstackOf(started, { api, dataDir, stop });
    rememberCluster(devstack.facts);
    return devstack;
  } catch (failure) {
    await stop();
    throw failure;
  }
}

// Far longer than a process takes to end after it has lost its devstack.
const leftoverMs = 10_000;

interface Starting extends StartOptions {
  readonly settings: DevstackSettings;
  readonly dataDir: DataDir;
  readonly logServer: LogServer;
}

/** Starts the log, then the requesters and the nodes side by side: a node waits for what the first requester creates. */
async function startAll(
  started: Member[],
  { settings, dataDir, logServer, onNews, signal }: Starting,
): Promise<readonly string[]> {
  const shared = { restart: settings.restart, onNews, signal, leftoverMs };
  const nats = await startMember("nats", {
    ...shared,
    start: ({ port }) => logServer.start(typeof port === "number" ? port : settings.natsPort),
  });
  started.push(nats);
  for (let index = 0; index < settings.requesters && settings.port !== 0; index++) {
    await wantFreePort(settings.port + index, "--port");
  }
  const place = { dataDir, settings, natsUrl: String(nats.facts()["url"]) };
  const requesters = Array.from({ length: settings.requesters }, (_, index) => {
    const first = settings.port === 0 ? 0 : settings.port + index;
    const start = ({ api }: ReadyFacts) => startChild(requesterPlan(index, portOf(api) ?? first, place));
    return startMember(`requester-${index}`, { ...shared, start });
  });
  const nodes = Array.from({ length: settings.nodes }, (_, index) =>
    startMember(`node-${index}`, { ...shared, start: () => startChild(nodePlan(index, place)) }),
  );
  started.push(...(await everyOne([...requesters, ...nodes])));
  const api = started.flatMap((member) => ("api" in member.facts() ? [String(member.facts()["api"])] : []));
  const [first] = api;
  if (first !== undefined) await waitForNodes(first, settings.nodes, signal);
  return api;
}

/** Resolves with all members. Rejects with the first failure once all starts have settled, and stops the members that started. */
async function everyOne(starting: readonly Promise<Member>[]): Promise<readonly Member[]> {
  const outcomes = await Promise.allSettled(starting);
  const members = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure === undefined) return members;
  await stopAll(members);
  throw failure.reason;
}

/** The port of an earlier process, reused because clients know it. */
const portOf = (url: unknown): number | undefined => (typeof url === "string" ? Number(new URL(url).port) : undefined);

/** Stops nodes, then requesters, then the log, so that each can still write its last changes. */
async function stopAll(members: readonly Member[]): Promise<void> {
  const stage = ({ name }: Member): number => ["node", "requester", "nats"].indexOf(name.replace(/-\d+$/, ""));
  for (const one of [0, 1, 2])
    await Promise.all(members.filter((member) => stage(member) === one).map((each) => each.stop()));
}

function devstackOf(
  members: readonly Member[],
  { api, dataDir, stop }: Pick<Devstack, "stop"> & { api: readonly string[]; dataDir: DataDir },
): Devstack {
  const pids = () => Object.fromEntries(members.map((member) => [member.name, member.pid()]));
  const nats = String(members.find(({ name }) => name === "nats")?.facts()["url"]);
  return {
    facts: { ready: true, api, nats, dataDir: dataDir.path, pids: pids() },
    pids,
    kill(name) {
      const member = members.find((each) => each.name === name);
      if (member === undefined)
        throw new CliError("UNKNOWN_PART", `no process "${name}", only ${Object.keys(pids()).join(", ")}`);
      killIfThere(member.pid());
    },
    stop,
  };
}

function killIfThere(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch {
    // The process had already ended.
  }
}
