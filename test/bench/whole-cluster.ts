import { openReplay } from "@shoal/requester";
import { bareConsume } from "./bare-consume.ts";
import { type BareLog, openBareLog } from "./bare-log.ts";
import type { Blocked } from "./blocked.ts";
import { type BenchCluster, startCluster } from "./cluster.ts";
import { type Completions, watchCompletions } from "./completions.ts";
import { type Figures, inWindow, type Measure, percentile, perSecond, rounded } from "./measure.ts";
import { submitter } from "./submitter.ts";

// One after another, each to its end: about half a second of an idle cluster.
const idleJobs = 200;
// The first thousands warm up the compilers; the measured ones follow, long enough for a stable rate.
const warm = { jobs: 2_000, appends: 20_000 } as const;
// A machine's speed changes from second to second: jobs and bare appends take turns, each for one to three seconds.
const rounds = 6;
const appendsPerRound = 10_000;
// Concurrent jobs.
const window = 128;

/** The whole path: submitted over HTTP, decided, placed, run, reported, projected, and published on the feed. */
export const wholeCluster: Measure = {
  name: "cluster",
  summary: ({ jobs }) =>
    `${idleJobs} no-op jobs one by one, then ${jobs} with ${window} in flight, alternating with bare appends, then a replay`,
  async run({ jobs }) {
    const bare = await openBareLog();
    try {
      return await beside(bare, jobs);
    } finally {
      await bare.close();
    }
  },
};

async function beside(bare: BareLog, jobs: number): Promise<Figures> {
  const cluster = await startCluster();
  const figures: Record<string, number> = {};
  let blocked: Blocked | undefined;
  try {
    const completions = await watchCompletions(cluster.api);
    Object.assign(figures, await idleLatency({ cluster, completions, bare }));
    Object.assign(figures, await throughput({ cluster, completions, bare }, jobs));
    completions.close();
    Object.assign(figures, await replayed(cluster));
  } finally {
    blocked = await cluster.stop();
  }
  return { ...figures, maxBlockedMs: rounded(blocked.blockedMs), maxBusyMs: rounded(blocked.busyMs) };
}

interface Bench {
  readonly cluster: BenchCluster;
  readonly completions: Completions;
  readonly bare: BareLog;
}

async function idleLatency({ cluster, completions, bare }: Bench): Promise<Figures> {
  const { submit, close } = submitter(cluster.api, 1);
  const times: number[] = [];
  const appends: number[] = [];
  for (let job = 0; job < idleJobs; job++) {
    const began = performance.now();
    await completions.of(await submit());
    times.push(performance.now() - began);
    appends.push(await bare.roundTrip());
  }
  close();
  // The first tenth runs with cold caches.
  const [jobs, bares] = [times.slice(idleJobs / 10), appends.slice(idleJobs / 10)];
  const [p50, bareP50] = [percentile(jobs, 0.5), percentile(bares, 0.5)];
  return {
    idleMsP50: rounded(p50),
    idleMsP99: rounded(percentile(jobs, 0.99)),
    bareAppendMsP50: rounded(bareP50),
    latencyInBareAppends: rounded(p50 / bareP50),
  };
}

async function throughput({ cluster, completions, bare }: Bench, jobs: number): Promise<Figures> {
  const { submit, close } = submitter(cluster.api, 64);
  const run = async (count: number) => {
    const began = performance.now();
    await inWindow(count, window, async () => {
      await completions.of(await submit());
    });
    return performance.now() - began;
  };
  await run(warm.jobs);
  await bare.append(warm.appends);
  const nats = await cluster.connect();
  const before = await storedMessages(nats);
  const rssBefore = await cluster.rssBytes("requester-0");
  const cpuBefore = await cpuOf(cluster);
  const each = Math.ceil(jobs / rounds);
  const pairs: { readonly jobsMs: number; readonly bareMs: number }[] = [];
  for (let round = 0; round < rounds; round++)
    pairs.push({ bareMs: await bare.append(appendsPerRound), jobsMs: await run(each) });
  const done = each * rounds;
  const cpuAfter = await cpuOf(cluster);
  const cpuMicros = (of: keyof typeof cpuAfter) => Math.round(((cpuAfter[of] - cpuBefore[of]) * 1_000) / done);
  const messages = (await storedMessages(nats)) - before;
  const grown = (await cluster.rssBytes("requester-0")) - rssBefore;
  await nats.close();
  close();
  const median = (of: (pair: (typeof pairs)[number]) => number) => percentile(pairs.map(of), 0.5);
  return {
    bareAppendsPerSecond: perSecond(
      appendsPerRound,
      median(({ bareMs }) => bareMs),
    ),
    jobsPerSecond: perSecond(
      each,
      median(({ jobsMs }) => jobsMs),
    ),
    jobsPerBareAppend: median(({ jobsMs, bareMs }) => each / jobsMs / (appendsPerRound / bareMs)),
    cpuMicrosPerJobRequester: cpuMicros("requester"),
    cpuMicrosPerJobNodes: cpuMicros("nodes"),
    cpuMicrosPerJobServer: cpuMicros("server"),
    messagesPerJob: rounded(messages / done),
    rssBytesPer10kJobs: Math.round((grown / done) * 10_000),
  };
}

/** The CPU time of the requester, of all nodes, and of the NATS server. It depends less on other load than a rate does. */
async function cpuOf(cluster: BenchCluster) {
  const of = async (role: string) => {
    const names = Object.keys(cluster.devstack.pids()).filter((name) => name.startsWith(role));
    const each = await Promise.all(names.map((name) => cluster.cpuMs(name)));
    return each.reduce((sum, ms) => sum + ms, 0);
  };
  return { requester: await of("requester"), nodes: await of("node"), server: await of("nats") };
}

/** The number of messages that all streams and buckets have ever stored. */
async function storedMessages({ session }: Awaited<ReturnType<BenchCluster["connect"]>>): Promise<number> {
  const manager = await session.manager();
  let messages = 0;
  for await (const info of manager.streams.list()) messages += info.state.last_seq;
  return messages;
}

async function replayed(cluster: BenchCluster): Promise<Figures> {
  const nats = await cluster.connect();
  const replay = await openReplay({ env: {}, flags: cluster.natsSettings });
  const bare: number[] = [];
  const replayed: number[] = [];
  let eventsPerMessage = 0;
  try {
    // In turns, as above, so that other load affects both.
    for (let run = 0; run < warmRuns + measuredRuns; run++) {
      bare.push(await bareConsume(nats));
      const report = await replay.run();
      if (!report.ok) throw new Error(`the replay differs: ${JSON.stringify(report, null, 2)}`);
      replayed.push(report.eventsPerSecond);
      eventsPerMessage = report.events / report.commits;
    }
  } finally {
    await replay.close();
    await nats.close();
  }
  return {
    replayEventsPerSecond: Math.round(settled(replayed)),
    bareConsumeEventsPerSecond: Math.round(settled(bare) * eventsPerMessage),
  };
}

// The rate rises for a few runs while the compilers work; after these runs the rise is smaller than the difference between runs.
const warmRuns = 4;
// So that one run with other load does not decide; more runs would take the bench beyond two minutes.
const measuredRuns = 3;

/** The median rate of some runs after the warm-up: neither side pays for the compilers. */
const settled = (rates: readonly number[]): number => percentile(rates.slice(warmRuns), 0.5);
