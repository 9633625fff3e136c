import { mkdtemp, rm, stat } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { findServer, startServer } from "@shoal/nats";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import { createApi } from "../../services/requester/src/http/server.ts";
import { writeToken } from "../../services/requester/src/wire/page-token.ts";
import { jobAt, listedJobs } from "./listed-jobs.ts";
import { type Figures, type Measure, percentile, rounded } from "./measure.ts";
import { httpOptions, openPorts, unusedParts } from "./read-api.ts";

const jobs = Number(process.env["SHOAL_BENCH_LISTED_JOBS"] ?? 1_000_000);
// The median of them is printed; the first one warms up the compilers.
const rounds = 5;
// Lists at once, beside which the latency of another request is measured.
const crowd = 1_000;

/** The cost of lists of jobs, in each order, with each kind of filter. */
export const lists: Measure = {
  name: "lists",
  summary: () => `an index of ${jobs} jobs filled, then pages of it in each order with each kind of filter`,
  async run() {
    const dataDir = await mkdtemp(join(tmpdir(), "shoal-bench-"));
    const server = await startServer(await findServer(), { dataDir, port: -1 });
    const ports = await openPorts(server.url);
    const file = join(dataDir, "catalog.sqlite");
    const catalog = createCatalog({ views: listedJobs(jobs), file });
    const began = process.threadCpuUsage();
    await catalog.start();
    const indexFillCpuMsPerMillionJobs = Math.round((cpuMsSince(began) / jobs) * 1e6);
    const indexBytesPerMillionJobs = Math.round((((await stat(file)).size ?? 0) / jobs) * 1e6);
    const api = createApi({ ...ports, ...unusedParts, catalog, viewPositions: ports.positions }, httpOptions);
    await api.start();
    try {
      const pages = await measurePages(api.url());
      return { indexFillCpuMsPerMillionJobs, indexBytesPerMillionJobs, ...pages, ...(await beside(api.url())) };
    } finally {
      await api.stop();
      await catalog.stop();
      await ports.close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

const middle = jobAt(Math.floor(jobs / 2));
const deep = (order: "createTime" | "modifyTime", limit: number) =>
  writeToken({ order, reverse: false, limit, at: middle[order], jobId: middle.id });

/** Filters whose matches an index finds, and those that read all jobs. */
const selective = [
  {},
  { reverse: "true" },
  { namespace: "blue" },
  { namespace: "tiny" },
  { labels: "team=t1" },
  { labels: "rare" },
  { labels: "rare=1" },
  { labels: "run=500" },
  { labels: "team in (t1,t2)" },
  { labels: "team!=t1" },
  { labels: "!rare" },
  { labels: "absent=1" },
  { labels: "run=500,team=t3" },
  { labels: "run=500,team!=t3", namespace: "default" },
  { labels: "team=t7", namespace: "tiny" },
];
const scans = [{ labels: "team=t1,run>1000000" }, { labels: "team notin (t0,t1,t2,t3,t4,t5,t6,t7,t8,t9)" }];

async function measurePages(url: string): Promise<Figures> {
  let [listMsMax, listMainCpuMsMax, listBlockedMs] = [0, 0, 0];
  for (const orderBy of ["created_at", "modified_at"])
    for (const limit of [10, 100, 1000]) {
      const order = orderBy === "created_at" ? "createTime" : "modifyTime";
      for (const filter of [...selective, { next_token: deep(order, limit) }]) {
        const cost = await costOf(url, { ...filter, order_by: orderBy, limit: String(limit) });
        listMsMax = Math.max(listMsMax, cost.ms);
        listMainCpuMsMax = Math.max(listMainCpuMsMax, cost.mainCpuMs);
        listBlockedMs = Math.max(listBlockedMs, cost.blockedMs);
      }
    }
  let listScanMs = 0;
  for (const filter of scans) listScanMs = Math.max(listScanMs, (await costOf(url, { ...filter })).ms);
  return { listMsMax, listMainCpuMsMax, listBlockedMs, listScanMs };
}

/** The median time of a page, the processor time of the main thread for it, and the longest block of its event loop. */
async function costOf(url: string, query: Readonly<Record<string, string>>) {
  const agent = new Agent({ keepAlive: true });
  const path = `${url}/api/v1/orchestrator/jobs?${new URLSearchParams(query)}`;
  const times: number[] = [];
  const busy: number[] = [];
  const status = await get(path, agent);
  if (status !== 200) throw new Error(`${path}: ${status}`);
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  for (let round = 0; round < rounds; round++) {
    const [began, cpu] = [performance.now(), process.threadCpuUsage()];
    await get(path, agent);
    times.push(performance.now() - began);
    busy.push(cpuMsSince(cpu));
  }
  delays.disable();
  agent.destroy();
  const cost = {
    ms: rounded(percentile(times, 0.5)),
    mainCpuMs: rounded(percentile(busy, 0.5)),
    blockedMs: rounded(delays.max / 1e6),
  };
  console.error(`${JSON.stringify(query).padEnd(110)} ${JSON.stringify(cost)}`);
  return cost;
}

/** The longest wait of another request while many lists are requested at once. */
async function beside(url: string): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: crowd });
  const other = new Agent({ keepAlive: true });
  let open = crowd;
  const refused = { count: 0 };
  const all = Promise.all(
    Array.from({ length: crowd }, async () => {
      const status = await get(`${url}/api/v1/orchestrator/jobs?labels=team=t1&limit=1000`, agent);
      if (status !== 200) refused.count += 1;
      open -= 1;
    }),
  );
  const waits: number[] = [];
  const began = performance.now();
  while (open > 0) {
    const sent = performance.now();
    await get(`${url}/api/v1/agent/alive`, other);
    waits.push(performance.now() - sent);
  }
  await all;
  agent.destroy();
  other.destroy();
  return {
    crowdMs: Math.round(performance.now() - began),
    crowdRefused: refused.count,
    besideCrowdMsP99: rounded(percentile(waits, 0.99)),
    besideCrowdMsMax: rounded(Math.max(...waits)),
  };
}

const get = (url: string, agent: Agent) =>
  new Promise<number>((resolve) => {
    const call = request(url, { agent }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode ?? 0));
    });
    // The system refuses connections beyond its backlog.
    call.on("error", () => resolve(0));
    call.end();
  });

function cpuMsSince(began: ReturnType<typeof process.threadCpuUsage>): number {
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1_000;
}
