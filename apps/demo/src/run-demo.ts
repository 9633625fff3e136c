import { access, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@shoal/client";
import { keepUp, startCluster } from "./demo-cluster.ts";
import type { DemoContext } from "./demo-context.ts";
import { watchFeed } from "./feed-watch.ts";
import { interruptSignal } from "./interrupt-signal.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { steps } from "./steps/index.ts";

export interface DemoOptions {
  /** Whether the cluster stays up at the end, until Ctrl-C. */
  readonly keep: boolean;
  readonly textFile: string;
  /** Whether to show the live event feed. */
  readonly feed: boolean;
}

// The exit code of a program that SIGINT ended, as shells report it.
const interruptedCode = 130;

/** Runs the demo. Resolves with the exit code: 0, 1 when a promise did not hold, 130 after an interrupt. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const interrupted = interruptSignal(interruptedCode);
  const reporter = createReporter({ feed: options.feed });
  // Resolved: the temporary folder is a link on some platforms, and nodes compare resolved paths.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "shoal-demo-")));
  try {
    return await play(options, { reporter, interrupted, folder });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface DemoRun {
  readonly reporter: Reporter;
  readonly interrupted: AbortSignal;
  readonly folder: string;
}

async function play(options: DemoOptions, { reporter, interrupted, folder }: DemoRun): Promise<number> {
  const textFile = await realpath(options.textFile);
  await access(textFile);
  const place = { dataDir: join(folder, "cluster"), textFile };
  const over = new AbortController();
  const signal = AbortSignal.any([interrupted, over.signal]);
  const startedAt = performance.now();
  reporter.heading("Start a cluster: a NATS server, two requesters, three compute nodes");
  const cluster = await startCluster({ ...place, onNews: reporter.print, signal }).catch((failure: unknown) => {
    if (!interrupted.aborted) throw failure;
  });
  if (cluster === undefined) return interruptedCode;
  const client = createClient({ endpoints: cluster.facts.api });
  const tidies: (() => Promise<void>)[] = [];
  const atEnd = (tidy: () => Promise<void>): void => void tidies.push(tidy);
  try {
    const watch = watchFeed(client, { signal, onEvent: reporter.event });
    const processes = Object.entries(cluster.facts.pids).map(([name, pid]) => `${name} ${pid}`);
    reporter.print(`processes: ${processes.join(", ")}`);
    reporter.passed(`ready after ${inSeconds(performance.now() - startedAt)}`);
    await runSteps({ cluster, client, watch, reporter, textFile, folder, signal, atEnd });
    reporter.heading(`Every promise held. ${inSeconds(performance.now() - startedAt)}, measured on the way:`);
    reporter.figures();
  } catch (failure) {
    if (interrupted.aborted) return interruptedCode;
    reporter.failed(failure instanceof Error ? failure.message : String(failure));
    return 1;
  } finally {
    if (interrupted.aborted) await stopJobs(client);
    over.abort();
    await cluster.stop();
    for (const tidy of tidies) await tidy();
  }
  if (options.keep) {
    reporter.print("The data is in a temporary folder: Ctrl-C stops the cluster and removes it.");
    await keepUp({ ...place, signal: interrupted });
  }
  return 0;
}

async function runSteps(context: DemoContext): Promise<void> {
  for (const { title, run } of steps) {
    context.signal.throwIfAborted();
    context.reporter.heading(title);
    await run(context);
  }
}

/** Stops open jobs: containers outlive their node, unless their job is stopped. */
async function stopJobs(client: DemoContext["client"]): Promise<void> {
  const { items } = await client.jobs({ limit: 100, reverse: true }).catch(() => ({ items: [] }));
  const open = items.filter(({ state }) => ["pending", "queued", "running"].includes(state.stateType));
  const signal = AbortSignal.timeout(stopJobsMs);
  await Promise.allSettled(
    open.map(async ({ id }) => {
      await client.stop(id, "the demo was interrupted");
      await client.waitForJob(id, { signal });
    }),
  );
}

// A container has some seconds to end by itself.
const stopJobsMs = 10_000;

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
