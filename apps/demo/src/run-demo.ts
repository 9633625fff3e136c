import { access, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  banner,
  type DevstackSettings,
  defaults,
  listenForQuit,
  paint,
  type Quit,
  startDevstack,
  type Terminal,
} from "@shoal/cli/parts";
import { createClient } from "@shoal/client";
import type { DemoContext } from "./demo-context.ts";
import { watchFeed } from "./feed-watch.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { steps } from "./steps/index.ts";

export interface DemoOptions {
  readonly terminal: Terminal;
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
  const quit = listenForQuit();
  quit.forced.then(() => process.exit(interruptedCode));
  const reporter = createReporter(options.terminal, { feed: options.feed });
  // Resolved: the temporary folder is a link on some platforms, and nodes compare resolved paths.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "shoal-demo-")));
  try {
    return await play(options, { reporter, quit, folder });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface DemoRun {
  readonly reporter: Reporter;
  readonly quit: Quit;
  readonly folder: string;
}

async function play(options: DemoOptions, { reporter, quit, folder }: DemoRun): Promise<number> {
  const textFile = await realpath(options.textFile);
  await access(textFile);
  const settings: DevstackSettings = {
    ...defaults,
    port: 0,
    natsPort: 0,
    dataDir: join(folder, "cluster"),
    // Killed processes stay dead: the others must take over their work.
    restart: false,
    nodeSettings: { allowListedLocalPaths: `${textFile}:ro` },
  };
  const stop = new AbortController();
  quit.asked.then(() => stop.abort());
  const startedAt = performance.now();
  reporter.heading("Start a cluster: a NATS server, two requesters, three compute nodes");
  const cluster = await startDevstack(settings, {
    onNews: ({ name, what, why }) => reporter.say(`${name} ${what} (${why})`),
    signal: stop.signal,
  }).catch((failure: unknown) => {
    if (!stop.signal.aborted) throw failure;
  });
  if (cluster === undefined) return interruptedCode;
  const client = createClient({ endpoints: cluster.facts.api });
  const tidies: (() => Promise<void>)[] = [];
  const atEnd = (tidy: () => Promise<void>): void => void tidies.push(tidy);
  try {
    const watch = watchFeed(client, { signal: stop.signal, onEvent: reporter.event });
    const processes = Object.entries(cluster.facts.pids).map(([name, pid]) => `${name} ${pid}`);
    reporter.say(`processes: ${processes.join(", ")}`);
    reporter.passed(`ready after ${inSeconds(performance.now() - startedAt)}`);
    await runSteps({ cluster, client, watch, reporter, textFile, folder, signal: stop.signal, atEnd });
    reporter.heading(`Every promise held. ${inSeconds(performance.now() - startedAt)}, measured on the way:`);
    reporter.figures();
  } catch (failure) {
    if (stop.signal.aborted) return interruptedCode;
    reporter.failed(failure instanceof Error ? failure.message : String(failure));
    return 1;
  } finally {
    if (stop.signal.aborted) await stopJobs(client);
    stop.abort();
    await cluster.stop();
    for (const tidy of tidies) await tidy();
  }
  if (options.keep) await keepUp({ ...settings, restart: true }, { terminal: options.terminal, quit });
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

/** Starts the cluster on the same data, until Ctrl-C. */
async function keepUp(
  settings: DevstackSettings,
  { terminal, quit }: { terminal: Terminal; quit: Quit },
): Promise<void> {
  const stop = new AbortController();
  quit.asked.then(() => stop.abort());
  const cluster = await startDevstack(settings, {
    onNews: ({ name, what, why }) => terminal.err(`${name} ${what} (${why})\n`),
    signal: stop.signal,
  });
  const { dim } = paint(terminal.colours);
  terminal.out(`\n${banner(cluster.facts, settings, terminal.colours)}`);
  terminal.out(dim("The data is in a temporary folder: Ctrl-C stops the cluster and removes it.\n"));
  await quit.asked;
  await cluster.stop();
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
