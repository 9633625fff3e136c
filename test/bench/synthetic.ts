import { setTimeout } from "node:timers/promises";
import type { Blocked } from "./blocked.ts";
import { watchCompletions } from "./completions.ts";
import { type Figures, inWindow, type Measure, perSecond, rounded } from "./measure.ts";
import { jobBody, submitter } from "./submitter.ts";
import { type SyntheticCluster, startSyntheticCluster } from "./synthetic-cluster.ts";
import { coresOfNode } from "./synthetic-node.ts";

// Concurrent jobs.
const window = 128;
// The first jobs warm up the compilers; this is their part of the measured jobs.
const warmShare = 0.2;
// Asks are counted for this time, first while no task ends and then while tasks end.
const countMs = 6_000;
// The average time in which the task of a node ends: one in ten tasks each second.
const taskMs = 10_000;
// Longer than the bench: no task ends by itself.
const endlessSeconds = 3_600;
// Jobs that remain queued.
const queuedAtEnd = 100;
// After this time without an ask, the first round of every queued job is over.
const quietMs = 1_000;
const quietMsMax = 20_000;

/** Many synthetic nodes: jobs end to end, and the asks of a full cluster with a queue. */
export const synthetic: Measure = {
  name: "synthetic nodes",
  summary: ({ nodes, jobs }) =>
    `${nodes} synthetic nodes: ${jobsOf(jobs)} no-op jobs, then a full cluster with a queue for ${(countMs * 2) / 1000} s`,
  async run({ nodes, jobs }) {
    const cluster = await startSyntheticCluster(nodes);
    let blocked: Blocked | undefined;
    const figures: Record<string, number> = { syntheticNodes: nodes };
    try {
      Object.assign(figures, await throughput(cluster, jobsOf(jobs)));
      Object.assign(figures, await fullCluster(cluster, nodes));
    } finally {
      blocked = await cluster.stop();
    }
    return {
      ...figures,
      maxBlockedMsSynthetic: rounded(blocked.blockedMs),
      maxBusyMsSynthetic: rounded(blocked.busyMs),
    };
  },
};

// A fraction of the jobs on real nodes, so that the whole bench takes less than two minutes.
const jobsOf = (jobs: number): number => Math.ceil(jobs / 4);

async function throughput({ api, takeAsks }: SyntheticCluster, jobs: number): Promise<Figures> {
  const completions = await watchCompletions(api);
  const { submit, close } = submitter(api, 64);
  const run = (count: number) =>
    inWindow(count, window, async () => {
      await completions.of(await submit());
    });
  await run(Math.ceil(jobs * warmShare));
  takeAsks();
  const began = performance.now();
  await run(jobs);
  const ms = performance.now() - began;
  completions.close();
  close();
  return { syntheticJobsPerSecond: perSecond(jobs, ms), asksPerJob: rounded(takeAsks() / jobs) };
}

/** Every node runs a task that fills it, and jobs wait. */
async function fullCluster(cluster: SyntheticCluster, nodes: number): Promise<Figures> {
  const { submit, close } = submitter(cluster.api, 64);
  const endless = jobBody({ cpu: `${coresOfNode}`, params: { RunSeconds: endlessSeconds } });
  const ending = Math.ceil((nodes * countMs) / taskMs);
  const ids: string[] = [];
  const add = (count: number) => inWindow(count, window, async () => void ids.push(await submit(endless)));
  await add(nodes);
  await quiet(cluster);
  const running = ids.slice(0, nodes);
  await add(ending + queuedAtEnd);
  await quiet(cluster);
  await setTimeout(countMs);
  const still = cluster.takeAsks();
  const began = performance.now();
  for (const [index, jobId] of running.slice(0, ending).entries()) {
    await setTimeout(Math.max(0, began + (index * countMs) / ending - performance.now()));
    await cluster.client.stop(jobId);
  }
  await setTimeout(Math.max(0, began + countMs - performance.now()));
  const moving = cluster.takeAsks();
  // Longer when the API is slow.
  const movingMs = performance.now() - began;
  close();
  const perNodeSecond = (asks: number, ms: number) => rounded(asks / nodes / (ms / 1_000));
  return {
    asksPerNodePerSecond: perNodeSecond(moving, movingMs),
    asksPerNodePerSecondStill: perNodeSecond(still, countMs),
  };
}

/** Resolves after a period without an ask, or after a longer time limit. */
async function quiet(cluster: SyntheticCluster): Promise<void> {
  const until = performance.now() + quietMsMax;
  cluster.takeAsks();
  do await setTimeout(quietMs);
  while (cluster.takeAsks() > 0 && performance.now() < until);
}
