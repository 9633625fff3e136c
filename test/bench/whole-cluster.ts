import { openReplay } from "@shoal/requester";
import { consume } from "./bare-log.ts";
import { type BenchCluster, startCluster } from "./cluster.ts";
import { type Completions, watchCompletions } from "./completions.ts";
import { type Figures, inWindow, type Measure, percentile, perSecond } from "./measure.ts";
import { submitter } from "./submitter.ts";

// One after another, each waited for: half a second or so of an idle cluster.
const idleJobs = 200;
// The first thousands warm the compilers up; what comes then is measured, long enough that the rate has settled.
const warmJobs = 2_000;
const busyJobs = Number(process.env["SHOAL_BENCH_JOBS"] ?? 10_000);
// Jobs under way at once.
const window = 128;

/** The whole way: submitted over HTTP, decided, placed, run, reported, shown, and told on the feed. */
export const wholeCluster: Measure = {
  name: "cluster",
  says: `${idleJobs} no-op jobs one by one, then ${busyJobs} with ${window} under way, then a replay`,
  async run() {
    const cluster = await startCluster();
    try {
      const completions = await watchCompletions(cluster.api);
      const idle = await idleLatency(cluster, completions);
      const busy = await throughput(cluster, completions);
      completions.close();
      return { ...idle, ...busy, ...(await replayed(cluster)) };
    } finally {
      await cluster.stop();
    }
  },
};

async function idleLatency({ api }: BenchCluster, completions: Completions): Promise<Figures> {
  const { submit, close } = submitter(api, 1);
  const times: number[] = [];
  for (let job = 0; job < idleJobs; job++) {
    const began = performance.now();
    await completions.of(await submit());
    times.push(performance.now() - began);
  }
  close();
  // The first tenth finds everything cold.
  const warm = times.slice(idleJobs / 10);
  const rounded = (ms: number) => Math.round(ms * 100) / 100;
  return { idleMsP50: rounded(percentile(warm, 0.5)), idleMsP99: rounded(percentile(warm, 0.99)) };
}

async function throughput(cluster: BenchCluster, completions: Completions): Promise<Figures> {
  const { submit, close } = submitter(cluster.api, 64);
  const run = (jobs: number) =>
    inWindow(jobs, window, async () => {
      await completions.of(await submit());
    });
  await run(warmJobs);
  const nats = await cluster.connect();
  const before = await storedMessages(nats);
  const rssBefore = await cluster.rssBytes("requester-0");
  const began = performance.now();
  await run(busyJobs);
  const ms = performance.now() - began;
  const messages = (await storedMessages(nats)) - before;
  const grown = (await cluster.rssBytes("requester-0")) - rssBefore;
  await nats.close();
  close();
  return {
    jobsPerSecond: perSecond(busyJobs, ms),
    messagesPerJob: Math.round((messages / busyJobs) * 100) / 100,
    rssBytesPer10kJobs: Math.round((grown / busyJobs) * 10_000),
  };
}

/** Every message that any stream or bucket has ever stored. */
async function storedMessages({ link }: Awaited<ReturnType<BenchCluster["connect"]>>): Promise<number> {
  const manager = await link.manager();
  let messages = 0;
  for await (const info of manager.streams.list()) messages += info.state.last_seq;
  return messages;
}

async function replayed(cluster: BenchCluster): Promise<Figures> {
  const nats = await cluster.connect();
  const replay = await openReplay({ env: {}, flags: cluster.natsSettings });
  try {
    const bare = await settled(async () => (await consume(nats))["bareConsumeEventsPerSecond"] ?? 0);
    let eventsPerMessage = 0;
    const replayed = await settled(async () => {
      const report = await replay.run();
      if (!report.ok) throw new Error(`the replay differs: ${JSON.stringify(report, null, 2)}`);
      eventsPerMessage = report.events / report.commits;
      return report.eventsPerSecond;
    });
    return {
      replayEventsPerSecond: Math.round(replayed),
      bareConsumeEventsPerSecond: Math.round(bare * eventsPerMessage),
    };
  } finally {
    await replay.close();
    await nats.close();
  }
}

// Until the compilers have done their work: the rate rises for four runs or five (measured).
const warmRuns = 5;
// So that one in which the machine was busy otherwise does not decide: runs differ by a tenth.
const measuredRuns = 7;

/** The median rate of some runs, once it has settled: neither side pays for the compilers. */
async function settled(run: () => Promise<number>): Promise<number> {
  const rates: number[] = [];
  for (let index = 0; index < warmRuns + measuredRuns; index++) rates.push(await run());
  return percentile(rates.slice(warmRuns), 0.5);
}
