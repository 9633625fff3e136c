import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type BenchCluster, startCluster } from "./cluster.ts";
import { watchCompletions } from "./completions.ts";
import { type CpuGroup, cpuGroup } from "./cpu-group.ts";
import { type Figures, type Measure, percentile, rounded } from "./measure.ts";
import { submitter } from "./submitter.ts";

// The number of jobs with which Bacalhau was measured; three rounds, of which the median counts.
const [atOnce, rounds] = [100, 3];
// Enough for a 99th percentile that is not the maximum.
const single = 100;
// A node starts the next process in about a tenth of a second.
const pauseMs = 400;
// One process a second varies less than a tenth.
const bareStarts = 10;
const sampleMs = 20;

/** Wasm tasks of one node: many at once, one by one, and the CPU time of a job; with a process for each task, and for a namespace. */
export const wasm: Measure = {
  name: "wasm",
  summary: () => `twice ${rounds} x ${atOnce} tiny Wasm jobs at once, and ${single} one by one`,
  async run() {
    const body = await tinyJob();
    const figures: Record<string, number> = {};
    for (const [prefix, isolation] of [
      ["wasm", "task"],
      ["wasmShared", "namespace"],
    ] as const) {
      // One node: it has the machine to itself, as a machine has one node.
      const cluster = await startCluster({ nodes: 1, nodeSettings: { "wasm.isolation": isolation } });
      // Before the first guest, as a shared process stays.
      const group = cpuGroup([cluster.devstack.pids()["node-0"] ?? 0]);
      try {
        for (const [name, value] of Object.entries(await measured(cluster, group, body))) figures[prefix + name] = value;
      } finally {
        await cluster.stop();
        group?.remove();
      }
    }
    return figures;
  },
};

async function tinyJob(): Promise<string> {
  const { program } = await import("@shoal/wasi-sandbox/testing");
  const module = Buffer.from(program((pen) => [pen.print(1, "hello\n")])).toString("base64");
  return JSON.stringify({
    Job: {
      Type: "batch",
      Count: 1,
      Tasks: [
        {
          Name: "main",
          Engine: { Type: "wasm", Params: { EntryModule: "/main.wasm" } },
          InputSources: [
            {
              Source: { Type: "inline", Params: { URL: `data:application/wasm;base64,${module}` } },
              Target: "/main.wasm",
            },
          ],
          Resources: { CPU: "100m", Memory: "16Mb" },
        },
      ],
    },
  });
}

async function measured(cluster: BenchCluster, group: CpuGroup | undefined, body: string): Promise<Figures> {
  const { submit, close } = submitter(cluster.api, 64);
  const completions = await watchCompletions(cluster.api);
  const one = async () => {
    const began = performance.now();
    await completions.of(await submit(body));
    return performance.now() - began;
  };
  // Compiles the code of the node and the requester.
  for (let job = 0; job < 10; job++) await one();
  const many = await manyAtOnce(one, group);
  const backToBack: number[] = [];
  for (let job = 0; job < single; job++) backToBack.push(await one());
  const paused: number[] = [];
  for (let job = 0; job < single; job++) {
    await setTimeout(pauseMs);
    paused.push(await one());
  }
  completions.close();
  close();
  const [p50, p99] = [percentile(paused, 0.5), percentile(paused, 0.99)];
  return {
    ...many,
    MsP50: rounded(p50),
    P99InP50: rounded(p99 / p50),
    BackToBackMsP50: rounded(percentile(backToBack, 0.5)),
  };
}

async function manyAtOnce(one: () => Promise<number>, group: CpuGroup | undefined): Promise<Figures> {
  const rates: number[] = [];
  let processes = 0;
  const sampling = setInterval(() => {
    processes = Math.max(processes, group?.processes() ?? Number.NaN);
  }, sampleMs);
  const before = group?.cpuMs() ?? Number.NaN;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await Promise.all(Array.from({ length: atOnce }, one));
    rates.push((atOnce * 1_000) / (performance.now() - began));
  }
  clearInterval(sampling);
  const cpuMs = ((group?.cpuMs() ?? Number.NaN) - before) / (rounds * atOnce);
  const bare = await bareNodeCpuMs();
  return {
    BareNodeCpuMs: rounded(bare),
    JobsPerSecond: rounded(percentile(rates, 0.5)),
    CpuMsPerJob: rounded(cpuMs),
    CpuInBareNodes: rounded(cpuMs / bare),
    Processes: processes,
  };
}

/** The CPU time of a Node process that does nothing: what a process costs on this machine at this moment. */
async function bareNodeCpuMs(): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < bareStarts; start++) {
    const child = spawn(process.execPath, ["-p", "process.cpuUsage().user + process.cpuUsage().system"], { env: {} });
    const [text] = await once(child.stdout, "data");
    times.push(Number(text) / 1_000);
  }
  return percentile(times, 0.5);
}
