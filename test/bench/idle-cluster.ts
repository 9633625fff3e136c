import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sandboxLimits } from "@shoal/wasi-sandbox";
import { type Figures, type Measure, percentile } from "./measure.ts";

const shoal = fileURLToPath(new URL("../../apps/cli/bin/shoal", import.meta.url));
// A tenth of a second each; the first one fills the compile cache and does not count.
const cliRuns = 11;
// The first start fills the compile cache when it ends. The others differ by a tenth of a second.
const starts = { warm: 1, measured: 3 } as const;
// The processes that the nodes started to prove their isolation have ended, and a heartbeat has passed.
const restMs = sandboxLimits.idleMs + 10_000;

/** What a cluster costs that does nothing: one requester, three nodes and the NATS server, started as a user starts them. */
export const idleCluster: Measure = {
  name: "idle",
  summary: () =>
    `${cliRuns} runs of shoal --version, ${starts.warm + starts.measured} starts of a devstack, and its memory ${restMs / 1000} s later`,
  async run() {
    const cliMs = Array.from({ length: cliRuns }, () => {
      const began = performance.now();
      spawnSync(shoal, ["--version"]);
      return performance.now() - began;
    });
    const readyMs: number[] = [];
    let memory: Figures = {};
    for (let start = 1; start <= starts.warm + starts.measured; start++) {
      const devstack = await startOne();
      readyMs.push(devstack.readyMs);
      if (start === starts.warm + starts.measured) {
        await setTimeout(restMs);
        memory = await memoryOf(devstack.pid);
      }
      await devstack.stop();
    }
    return {
      cliMs: Math.round(percentile(cliMs.slice(1), 0.5)),
      readyMs: Math.round(percentile(readyMs.slice(starts.warm), 0.5)),
      ...memory,
    };
  },
};

async function startOne() {
  const dataDir = await mkdtemp(join(tmpdir(), "shoal-bench-"));
  const size = ["--requesters", "1", "--nodes", "3", "--port", "0", "--nats-port", "0"];
  const began = performance.now();
  const child = spawn(shoal, ["devstack", "--json", "--data-dir", dataDir, ...size], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  if (child.exitCode !== null) throw new Error(`the devstack ended with ${child.exitCode}`);
  return {
    readyMs: performance.now() - began,
    // The shell has become the devstack: it is the same process.
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * The memory of a process and all that it has started, bytes; nothing where the system does not report it. The resident sizes count a
 * page in each process that maps it, and Node's program is in five of them; the proportional sizes divide it by their number.
 */
async function memoryOf(root: number): Promise<Figures> {
  const parents = new Map<number, number>();
  for (const name of (await readdir("/proc").catch(() => [])).filter((each) => /^\d+$/.test(each))) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // After the name, which may contain any character, follow the state and the parent.
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isIn = (pid: number | undefined): boolean => pid === root || (pid !== undefined && isIn(parents.get(pid)));
  const pids = [...parents.keys()].filter(isIn);
  if (pids.length === 0) return {};
  const rollups = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "")));
  const sum = (line: RegExp) => rollups.reduce((bytes, text) => bytes + Number(line.exec(text)?.[1] ?? 0) * 1024, 0);
  return { devstackRssBytes: sum(/^Rss:\s+(\d+) kB/m), devstackPssBytes: sum(/^Pss:\s+(\d+) kB/m) };
}
