import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { untilGone } from "./run-shoal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder = "";
let started: Started | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-npm-"));
});
afterEach(async () => {
  // Processes of a failed test: the devstack ends them.
  for (const pid of started?.chain ?? []) end(pid, "SIGKILL");
  await Promise.all((started?.cluster ?? []).map(untilGone));
  started = undefined;
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  /** The processes from npm to the devstack. */
  readonly chain: readonly number[];
  /** The processes that the devstack started. */
  readonly cluster: readonly number[];
}

/** Runs `npm start` until the cluster is ready. */
async function npmStart(): Promise<Started> {
  const devstack = ["--nodes", "1", "--requesters", "1", "--port", "0", "--nats-port", "0", "--json"];
  const child = spawn("npm", ["start", "--", ...devstack, "--data-dir", join(folder, "data")], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pids = await readyPids(child);
  const parents = parentsOf();
  const chain: number[] = [];
  // From a child of the devstack up to npm.
  for (let pid = parents.get(pids["requester-0"] ?? 0); pid !== undefined; pid = parents.get(pid)) {
    chain.unshift(pid);
    if (pid === child.pid) break;
  }
  expect(chain[0]).toBe(child.pid);
  expect(commandOf(chain.at(-1) ?? 0)).toContain("node_modules/.cache/shoal/");
  const cluster = [...parents].flatMap(([pid, parent]) => (parent === chain.at(-1) ? [pid] : []));
  started = { chain, cluster: [...new Set([...cluster, ...Object.values(pids)])] };
  return started;
}

async function readyPids({ stdout }: ChildProcess): Promise<Readonly<Record<string, number>>> {
  if (stdout === null) throw new Error("npm has no output");
  // npm first prints the command.
  for await (const line of createInterface({ input: stdout })) {
    if (line.startsWith("{")) return Object(JSON.parse(line)).pids;
  }
  throw new Error("npm start ended before the cluster was ready");
}

/** Every process of this machine with its parent. */
function parentsOf(): ReadonlyMap<number, number> {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  return new Map(
    lines.map((line) => {
      const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
      return [pid, parent];
    }),
  );
}

const commandOf = (pid: number): string => execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

describe("a cluster of npm start", () => {
  it.each([
    ["npm", 0, "SIGTERM"],
    ["npm", 0, "SIGINT"],
    ["npm", 0, "SIGHUP"],
    ["npm", 0, "SIGKILL"],
    ["the process that npm runs", 1, "SIGTERM"],
    ["the process that npm runs", 1, "SIGKILL"],
    ["the devstack", -1, "SIGKILL"],
  ] as const)("ends when %s (%i) gets %s", { timeout: 180_000 }, async (_who, index, signal) => {
    const { chain, cluster } = await npmStart();
    expect(cluster.length).toBeGreaterThanOrEqual(3);
    const gone = [...chain, ...cluster].map(untilGone);
    end(chain.at(index) ?? 0, signal);
    await Promise.all(gone);
  });
});
