import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { decision } from "./decision.ts";
import { dockerJobs } from "./docker.ts";
import { figuresTable } from "./figures-table.ts";
import { idleCluster } from "./idle-cluster.ts";
import { large } from "./large.ts";
import { lists } from "./lists.ts";
import type { Measure } from "./measure.ts";
import { publish } from "./publish.ts";
import { finishedJobs } from "./reads.ts";
import { synthetic } from "./synthetic.ts";
import { wasm } from "./wasm.ts";
import { wholeCluster } from "./whole-cluster.ts";

const measures: readonly Measure[] = [
  wholeCluster,
  synthetic,
  finishedJobs,
  lists,
  decision,
  large,
  idleCluster,
  wasm,
  dockerJobs,
  publish,
];

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    // These nodes join within two seconds on two cores; a thousand take half a minute.
    nodes: { type: "string", default: "100" },
    // Rounds of about three seconds, long enough for stable rates.
    jobs: { type: "string", default: "9000" },
    // Measures whose names contain this.
    only: { type: "string", default: "" },
    // The folder for a CPU profile of every process of the cluster.
    "cpu-prof": { type: "string" },
  },
  allowPositionals: true,
});
const options = { nodes: countOf("nodes"), jobs: countOf("jobs") };
// The processes of a cluster inherit the arguments of this one.
if (values["cpu-prof"] !== undefined) process.execArgv.push("--cpu-prof", `--cpu-prof-dir=${values["cpu-prof"]}`);

const figures: Record<string, number> = {};
for (const { summary, run } of measures.filter(({ name }) => name.includes(values.only))) {
  console.error(`measuring: ${summary(options)}`);
  Object.assign(figures, await run(options));
}
for (const line of figuresTable(figures)) console.log(line);

const machine = {
  cpus: availableParallelism(),
  cpu: cpus()[0]?.model ?? "unknown",
  memoryBytes: totalmem(),
  os: `${platform()} ${release()}`,
  node: process.version,
};
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...figures, machine }, null, 2)}\n`);
// Closed connections hold a timer for some seconds.
process.exit();

function countOf(name: "nodes" | "jobs"): number {
  const count = Number(values[name]);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`expected --${name} to be a whole number above 0, got ${values[name]}`);
}
