import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { findServer, type NatsRequesterPorts, startServer } from "@shoal/nats";
import { inMemory } from "../../services/requester/src/catalog/open-database.ts";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import type { ApiParts } from "../../services/requester/src/http/api-context.ts";
import { createApi } from "../../services/requester/src/http/server.ts";
import { putEntries, putFinishedJobs } from "./finished-jobs.ts";
import { type Figures, inWindow, type Measure, perSecond } from "./measure.ts";
import { httpOptions, openPorts, unusedParts } from "./read-api.ts";

// Enough to show an entry stored for each job, and filled in seconds.
const jobs = Number(process.env["SHOAL_BENCH_FINISHED_JOBS"] ?? 50_000);
// Jobs with a history that are read one at a time: more than a small cache holds.
const readJobs = Math.min(2_000, jobs);
// Some seconds of reads each; half as many reads before them warm up the compilers. A read that is folded from the log takes six times as long.
const reads = { served: 6_000, folded: 2_000 } as const;
const window = 32;

/** The cost of reads at a requester with many finished jobs. */
export const finishedJobs: Measure = {
  name: "finished jobs",
  summary: () =>
    `the index of ${jobs} finished jobs filled and opened again, then ${reads.served} reads of single jobs, and ${reads.folded} that are folded`,
  async run() {
    const dataDir = await mkdtemp(join(tmpdir(), "shoal-bench-"));
    const server = await startServer(await findServer(), { dataDir, port: -1 });
    const open = () => openPorts(server.url);
    try {
      const writer = await open();
      const ids = await putFinishedJobs(writer, readJobs);
      await putEntries(writer, ids[0] ?? "", [readJobs, jobs]);
      await writer.close();
      const file = join(dataDir, "catalog.sqlite");
      const ports = await open();
      const figures = { ...(await indexed(ports, file)), ...(await singleReads(ports, file, ids)) };
      await ports.close();
      return figures;
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

/** A first start without an index file, and one with it. */
async function indexed({ views }: NatsRequesterPorts, file: string): Promise<Figures> {
  const start = async (of: string) => {
    const catalog = createCatalog({ views: views.jobs, file: of });
    const began = performance.now();
    await catalog.start();
    return { catalog, ms: performance.now() - began };
  };
  // The fixed memory of the first catalog of a process: statements, compiled code.
  await (await start(inMemory)).catalog.stop();
  const before = heapBytes();
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const first = await start(file);
  delays.disable();
  const grown = heapBytes() - before;
  await first.catalog.stop();
  const second = await start(file);
  await second.catalog.stop();
  return {
    heapBytesPerMillionJobs: Math.max(0, Math.round((grown / jobs) * 1e6)),
    indexFillMsPerMillionJobs: Math.round((first.ms / jobs) * 1e6),
    indexOpenMs: Math.round(second.ms),
    indexBlockedMs: Math.round(delays.max / 1e6),
  };
}

/** Reads of finished jobs over HTTP: from the views, and folded from the log. */
async function singleReads(ports: NatsRequesterPorts, file: string, ids: readonly string[]): Promise<Figures> {
  const catalog = createCatalog({ views: ports.views.jobs, file });
  await catalog.start();
  const stored = { ...ports, catalog };
  const unknown = { ...ports, catalog: { ...catalog, find: () => undefined } };
  const served = await getsPerSecond(stored, { ids, count: reads.served });
  const withExecutions = await getsPerSecond(stored, { ids, count: reads.served, query: "?include=executions" });
  const folded = await getsPerSecond(unknown, { ids, count: reads.folded });
  await catalog.stop();
  return { getsPerSecond: served, getsWithExecutionsPerSecond: withExecutions, foldedGetsPerSecond: folded };
}

type ReadParts = Pick<ApiParts, "log" | "views" | "catalog" | "logs"> & Pick<NatsRequesterPorts, "positions">;

interface Gets {
  readonly ids: readonly string[];
  readonly count: number;
  readonly query?: string;
}

async function getsPerSecond(parts: ReadParts, { ids, count, query = "" }: Gets): Promise<number> {
  const api = createApi({ ...unusedParts, ...parts, viewPositions: parts.positions }, httpOptions);
  await api.start();
  const agent = new Agent({ keepAlive: true, maxSockets: window });
  const get = (index: number) =>
    read(`${api.url()}/api/v1/orchestrator/jobs/${ids[index % ids.length]}${query}`, agent);
  await inWindow(count / 2, window, get);
  const began = performance.now();
  await inWindow(count, window, get);
  const rate = perSecond(count, performance.now() - began);
  agent.destroy();
  await api.stop();
  return rate;
}

const read = (url: string, agent: Agent) =>
  new Promise<void>((resolve, reject) => {
    const call = request(url, { agent }, (answer) => {
      answer.resume();
      answer.on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`))));
    });
    call.on("error", reject);
    call.end();
  });

/** The bytes in use on the heap. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  // The first collection releases objects that only the second one can free.
  if (typeof collect === "function") for (let run = 0; run < 2; run++) collect();
  return process.memoryUsage().heapUsed;
}
