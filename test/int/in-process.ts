import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { JobSpec } from "@shoal/proto";
import type { NatsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import type { Catalog } from "../../services/requester/src/catalog/catalog.ts";
import { startNode } from "./start-node.ts";
import { startRequester } from "./start-requester.ts";

/** The time limit of `until`: one round takes about four seconds on a busy machine. */
export const patienceMs = 90_000;

/** A job that runs for this time. */
export const jobOf = (RunSeconds: number): JobSpec =>
  JobSpec.parse({
    type: "batch",
    tasks: [{ engine: { type: "noop", params: { RunSeconds } }, resources: { cpu: "10m", memory: "1Mb" } }],
  });

/** An executor whose work is counted, and ends early when `finished` resolves. */
function countedWorkload(finished: Promise<void>) {
  const starts = new Map<string, number>();
  const ended = new Set<string>();
  const { start, ...rest } = noop({ clock: systemClock() });
  const executor: Executor = {
    ...rest,
    async start(workload) {
      starts.set(workload.id, (starts.get(workload.id) ?? 0) + 1);
      const running = await start(workload);
      const exit = Promise.race([running.exit, finished.then(() => ({ exitCode: 0 }))]);
      void exit.then(() => ended.add(workload.id));
      return { ...running, exit };
    },
  };
  return { starts, ended, executor };
}

/** How long removal markers exist, and the minimum time between two saves of the positions, milliseconds. */
export interface InProcessTimes {
  readonly markerMs: number;
  readonly positionsMs?: number;
}

/** A requester with a catalog on disk and a node on connections to a real server; their actions are counted. */
export async function startInProcess(harness: NatsHarness, { markerMs, positionsMs = 1_000 }: InProcessTimes) {
  const lines: string[] = [];
  const { url } = harness.server();
  const finished = Promise.withResolvers<void>();
  const start = () =>
    startRequester({
      ...{ url, requesterId: "r-one", markerMs, onLine: (line) => void lines.push(line) },
      catalogFile: join(harness.dataDir, "catalog.sqlite"),
      nodes: { disconnectAfterMs: 60_000, settleMs: 2_500 },
      positionsMs,
    });
  let current = await start();
  const { starts, ended, executor } = countedWorkload(finished.promise);
  const node = await startNode(url, executor);
  return {
    lines,
    starts,
    /** Executions whose work has ended, reported or not. */
    ended,
    /** Ends all work, and from now on every new work at once. */
    finish: () => finished.resolve(),
    get requester() {
      return current.requester;
    },
    get nats() {
      return current.nats;
    },
    get catalog(): Catalog {
      return current.catalog;
    },
    /** Stops the requester in order, and starts it again after `meanwhile`. The node continues. */
    async restartRequester(meanwhile: () => Promise<void>) {
      await current.stop();
      await meanwhile();
      current = await start();
    },
    async close() {
      await node.close();
      await current.stop();
    },
  };
}

export type InProcess = Awaited<ReturnType<typeof startInProcess>>;

/** Polls in real time until the condition holds. */
export async function until(what: string, holds: () => Promise<boolean>, withinMs = patienceMs): Promise<void> {
  for (const late = Date.now() + withinMs; !(await holds().catch(() => false)); ) {
    if (Date.now() > late) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether all of these jobs are completed in the view. */
export async function allCompleted({ nats }: InProcess, jobIds: Iterable<string>): Promise<boolean> {
  const jobs = await Promise.all([...jobIds].map((jobId) => nats.views.jobs.get(`default.${jobId}`)));
  return jobs.every((entry) => JSON.stringify(entry ?? {}).includes('"stateType":"completed"'));
}
