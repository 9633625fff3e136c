import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { bareLog } from "./bare-log.ts";
import type { Measure } from "./measure.ts";
import { wholeCluster } from "./whole-cluster.ts";

const measures: readonly Measure[] = [bareLog, wholeCluster];

const { values } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
const figures: Record<string, number> = {};
for (const { says, run } of measures) {
  console.error(`measuring: ${says}`);
  Object.assign(figures, await run());
}

const of = (name: string): number => figures[name] ?? 0;
const share = (part: number, whole: number) => `${Math.round((part / Math.max(whole, 1)) * 100)} %`;
const rows: readonly (readonly [string, string | number])[] = [
  ["bare appends/s (server and client, nothing decided)", of("bareAppendsPerSecond")],
  ["no-op jobs/s, HTTP to completed", of("jobsPerSecond")],
  ["stored messages per job", of("messagesPerJob")],
  [
    "messages/s of jobs against bare appends",
    share(of("jobsPerSecond") * of("messagesPerJob"), of("bareAppendsPerSecond")),
  ],
  ["idle, submit to completed, p50 ms", of("idleMsP50")],
  ["idle, submit to completed, p99 ms", of("idleMsP99")],
  ["replay, events/s", of("replayEventsPerSecond")],
  ["bare ordered consumer, events/s of the same log", of("bareConsumeEventsPerSecond")],
  ["replay against bare consumer", share(of("replayEventsPerSecond"), of("bareConsumeEventsPerSecond"))],
  ["requester memory grown, MiB per 10,000 jobs", Math.round(of("rssBytesPer10kJobs") / 2 ** 20)],
];
const width = Math.max(...rows.map(([label]) => label.length));
for (const [label, value] of rows) console.log(`${label.padEnd(width)}  ${value}`);

const machine = {
  cpus: availableParallelism(),
  cpu: cpus()[0]?.model ?? "unknown",
  memoryBytes: totalmem(),
  os: `${platform()} ${release()}`,
  node: process.version,
};
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...figures, machine }, null, 2)}\n`);
