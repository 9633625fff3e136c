import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findServer, type ServerUser, serverConfig } from "@shoal/nats";
import { freePorts } from "./free-ports.ts";

/** Three nats-servers of one cluster, with a count of the connections that they admitted or refused. */
export interface NatsCluster {
  /** All three URLs, separated by commas. */
  readonly urls: string;
  /** Connections that clients have opened so far, admitted or not, as the servers count them. */
  connections(): Promise<number>;
  /** Writes other users into the configuration of all servers and reloads it. */
  reload(users: readonly ServerUser[]): Promise<void>;
  /** Ends one server in order, starts it again on the same files, and resolves when it has caught up with the others. */
  restart(index: number): Promise<void>;
  /** Ends one server by a signal. The returned function starts it again, as `restart` does. */
  stop(index: number, signal: NodeJS.Signals): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

interface Member {
  readonly port: number;
  readonly monitor: number;
  write(users: readonly ServerUser[]): Promise<void>;
  child: ChildProcess;
  lines: Lines;
}

/** Starts the servers in `folder` and resolves when they have a leader. */
export async function startNatsCluster(folder: string, users: readonly ServerUser[]): Promise<NatsCluster> {
  const { path } = await findServer();
  const ports = await freePorts(9);
  const members = await Promise.all([0, 1, 2].map((index) => startMember({ folder, path, ports, index, users })));
  await Promise.any(members.map(({ lines }) => lines.printed(/Self is new JetStream cluster metadata leader/)));
  async function stop(index: number, signal: NodeJS.Signals): Promise<() => Promise<void>> {
    const member = members[index];
    if (member === undefined) throw new Error(`there is no server ${index}`);
    await end(member.child, signal);
    return async () => {
      Object.assign(member, start(path, configOf(folder, index)));
      await member.lines.printed(/Server is ready/);
      // Its replicas of all streams have caught up; the test's time-out ends the wait.
      while (!(await isWell(member.monitor))) await new Promise(setImmediate);
    };
  }
  return {
    urls: members.map(({ port }) => `nats://127.0.0.1:${port}`).join(","),
    async connections() {
      const counts = await Promise.all(members.map(({ monitor }) => connectionsAt(monitor)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async reload(next) {
      for (const { write, child, lines } of members) {
        await write(next);
        const reloaded = lines.next(/Reloaded server configuration/);
        child.kill("SIGHUP");
        await reloaded;
      }
    },
    async restart(index) {
      const startAgain = await stop(index, "SIGTERM");
      await startAgain();
    },
    stop,
    async close() {
      for (const { child } of members) await end(child, "SIGKILL");
    },
  };
}

interface MemberPlan {
  readonly folder: string;
  readonly path: string;
  /** Three for clients, three for the cluster, three for monitoring. */
  readonly ports: readonly number[];
  readonly index: number;
  readonly users: readonly ServerUser[];
}

const configOf = (folder: string, index: number) => join(folder, `nats-${index}.conf`);

async function startMember({ folder, path, ports, index, users }: MemberPlan): Promise<Member> {
  const [port = 0, clusterPort = 0, monitor = 0] = [ports[index], ports[index + 3], ports[index + 6]];
  const dataDir = join(folder, `nats-${index}`);
  await mkdir(dataDir, { recursive: true });
  const routes = [0, 1, 2].filter((each) => each !== index).map((each) => `127.0.0.1:${ports[each + 3]}`);
  const cluster = { port: clusterPort, routes, password: "routes" };
  const write = async (who: readonly ServerUser[]) => {
    const text = serverConfig({ dataDir, port, name: `nats-${index}`, users: who, cluster });
    await writeFile(configOf(folder, index), `${text}http: "127.0.0.1:${monitor}"\n`, { mode: 0o600 });
  };
  await write(users);
  const running = start(path, configOf(folder, index));
  await running.lines.printed(/Server is ready/);
  return { port, monitor, write, ...running };
}

interface Lines {
  /** Resolves with a line that matches, also one that was written before. */
  printed(pattern: RegExp): Promise<void>;
  /** Resolves with a line that is written from now on. */
  next(pattern: RegExp): Promise<void>;
}

function start(path: string, config: string): { readonly child: ChildProcess; readonly lines: Lines } {
  const child = spawn(path, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      for (const receive of listeners) receive(line);
    });
  }
  const next = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const receive = (line: string) => (pattern.test(line) ? resolve() : undefined);
      listeners.add(receive);
      child.once("exit", () => reject(new Error(`nats-server ended without ${pattern}:\n${lines.join("\n")}`)));
    });
  const printed = (pattern: RegExp) => (lines.some((line) => pattern.test(line)) ? Promise.resolve() : next(pattern));
  return { child, lines: { printed, next } };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

async function connectionsAt(monitor: number): Promise<number> {
  const facts: unknown = await (await fetch(`http://127.0.0.1:${monitor}/varz`)).json();
  const { total_connections: total }: { readonly total_connections?: unknown } = Object(facts);
  return Number(total);
}

const isWell = (monitor: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${monitor}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
