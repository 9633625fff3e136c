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
  /** Leave the cluster up at the end, until Ctrl-C. */
  readonly keep: boolean;
  readonly textFile: string;
  /** Show the live event feed. */
  readonly feed: boolean;
}

// What a shell shows for a program that Ctrl-C ended.
const interruptedCode = 130;

/** Runs all of it; resolves with the exit code: 0, 1 when a promise did not hold, 130 when it was interrupted. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const quit = listenForQuit();
  quit.forced.then(() => process.exit(interruptedCode));
  const reporter = createReporter(options.terminal, { feed: options.feed });
  // Resolved: the system's temporary folder is a link on some platforms, and nodes allow paths as they are.
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
    // What is killed stays dead: others must do its work.
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
    reporter.heading(`All of it held. ${inSeconds(performance.now() - startedAt)}, measured on the way:`);
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

/** Containers live longer than the node that started them; a job that was stopped leaves none. */
async function stopJobs(client: DemoContext["client"]): Promise<void> {
  const { items } = await client.jobs({ limit: 100, reverse: true }).catch(() => ({ items: [] }));
  const open = items.filter(({ state }) => ["pending", "queued", "running"].includes(state.stateType));
  const signal = AbortSignal.timeout(stopJobsMs);
  await Promise.allSettled(
    open.map(async ({ id }) => {
      await client.stop(id, "the demonstration was interrupted");
      await client.waitForJob(id, { signal });
    }),
  );
}

// A container gets some seconds to end by itself.
const stopJobsMs = 10_000;

/** Starts the cluster again on the same data, this time to stay. */
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
  terminal.out(dim("This one lives in a temporary folder: Ctrl-C ends it and removes everything.\n"));
  await quit.asked;
  await cluster.stop();
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
