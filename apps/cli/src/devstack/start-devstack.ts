import { resolve } from "node:path";
import { CliError } from "../failure.ts";
import type { ReadyFacts } from "../process/parent.ts";
import { type DataDir, openDataDir } from "./data-dir.ts";
import { wantFreePort } from "./free-port.ts";
import { type DevstackFacts, rememberCluster } from "./known-cluster.ts";
import { type Member, type MemberNews, startMember } from "./member.ts";
import { natsUsers } from "./nats-users.ts";
import { natsPlan, nodePlan, requesterPlan } from "./plans.ts";
import type { DevstackSettings } from "./settings.ts";
import { waitForNodes } from "./wait-for-nodes.ts";

/** A cluster on this machine that runs. */
export interface Devstack {
  readonly facts: DevstackFacts;
  /** The process ids as they are now, by name. */
  pids(): Readonly<Record<string, number>>;
  /** Ends a process as a crash would. */
  kill(name: string): void;
  /** Stops everything in order: nodes, requesters, then the log. */
  stop(): Promise<void>;
}

/** Whom a start concerns. */
export interface StartOptions {
  /** Told when a process dies or is back. */
  readonly onNews: (news: MemberNews) => void;
  /** Gives up a start that is under way. */
  readonly signal: AbortSignal;
}

/** Starts a cluster and resolves once jobs can run on it. What was started is stopped again when a part fails or the signal fires. */
export async function startDevstack(settings: DevstackSettings, options: StartOptions): Promise<Devstack> {
  const dataDir = openDataDir(resolve(settings.dataDir));
  const started: Member[] = [];
  try {
    const api = await startAll(started, { settings, dataDir, ...options });
    const devstack = devstackOf(started, { api, dataDir });
    rememberCluster(devstack.facts);
    return devstack;
  } catch (failure) {
    await stopAll(started);
    throw failure;
  }
}

// Far longer than a process takes that has lost its devstack.
const leftoverMs = 10_000;

interface Starting extends StartOptions {
  readonly settings: DevstackSettings;
  readonly dataDir: DataDir;
}

/** Starts the log, then the requesters, then the nodes; the requesters are there when the nodes first speak. */
async function startAll(
  started: Member[],
  { settings, dataDir, onNews, signal }: Starting,
): Promise<readonly string[]> {
  const shared = { restart: settings.restart, onNews, signal, leftoverMs };
  const users = await natsUsers(settings, dataDir);
  const nats = await startMember("nats", {
    ...shared,
    leftoverMs: 0, // Its keeper waits by itself.
    plan: ({ port }) =>
      natsPlan(dataDir, { dataDir: dataDir.of("nats"), port: numberOr(port, settings.natsPort || -1), users }),
    // When its keeper was killed the server itself lives on; two of them on the same files would spoil the log.
    onDeath: ({ serverPid }) => killIfThere(numberOr(serverPid, 0)),
  });
  started.push(nats);
  for (let index = 0; index < settings.requesters && settings.port !== 0; index++) {
    await wantFreePort(settings.port + index, "--port");
  }
  const place = { dataDir, settings, natsUrl: String(nats.facts()["url"]) };
  const requesters = Array.from({ length: settings.requesters }, (_, index) => {
    const first = settings.port === 0 ? 0 : settings.port + index;
    const plan = ({ api }: ReadyFacts) => requesterPlan(index, portOf(api) ?? first, place);
    return startMember(`requester-${index}`, { ...shared, plan });
  });
  started.push(...(await everyOne(requesters)));
  const api = started.flatMap((member) => (member === nats ? [] : [String(member.facts()["api"])]));
  const nodes = Array.from({ length: settings.nodes }, (_, index) =>
    startMember(`node-${index}`, { ...shared, plan: () => nodePlan(index, place) }),
  );
  started.push(...(await everyOne(nodes)));
  await waitForNodes(api, settings.nodes, signal);
  return api;
}

/** All of them, or the first failure once it is known what became of each: none may be left behind. */
async function everyOne(starting: readonly Promise<Member>[]): Promise<readonly Member[]> {
  const outcomes = await Promise.allSettled(starting);
  const members = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure === undefined) return members;
  await stopAll(members);
  throw failure.reason;
}

/** A port that was free once is asked for again: clients know it. */
const portOf = (url: unknown): number | undefined => (typeof url === "string" ? Number(new URL(url).port) : undefined);

const numberOr = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);

/** Stops in the order that loses least: whoever does the work, then whoever writes it down, then where it is written. */
async function stopAll(members: readonly Member[]): Promise<void> {
  const stage = ({ name }: Member): number => ["node", "requester", "nats"].indexOf(name.replace(/-\d+$/, ""));
  for (const one of [0, 1, 2])
    await Promise.all(members.filter((member) => stage(member) === one).map((each) => each.stop()));
}

function devstackOf(
  members: readonly Member[],
  { api, dataDir }: { api: readonly string[]; dataDir: DataDir },
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
    stop: () => stopAll(members),
  };
}

function killIfThere(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch {
    // It was gone already, which is what was wanted.
  }
}
