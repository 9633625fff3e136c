import { type Process, registry, silentLogger } from "@shoal/core";
import { connectNode, connectRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { JobSpec } from "@shoal/proto";
import type { NatsBench } from "../../libs/nats/src/testing/nats-bench.ts";
import { createCompute } from "../../services/compute/src/create-compute.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import { testSettings } from "../../services/compute/src/testing/node-bench.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { inMemory } from "../../services/requester/src/catalog/open-database.ts";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import { createRequester } from "../../services/requester/src/create-requester.ts";
import { sliceRebuilder } from "../../services/requester/src/verify/rebuild-slice.ts";

const nodeId = "n-one";

/** How long `until` waits: one round takes some four seconds on a machine that does other things too. */
export const patienceMs = 30_000;

/** A job that runs for so long. */
export const jobOf = (RunSeconds: number): JobSpec =>
  JobSpec.parse({
    type: "batch",
    tasks: [{ engine: { type: "noop", params: { RunSeconds } }, resources: { cpu: "10m", memory: "1Mb" } }],
  });

/** A requester on a connection to a real server, and what it says. */
async function startRequester(url: string, markerMs: number, lines: string[]) {
  const note = (_facts: unknown, sentence: string) => void lines.push(sentence);
  const nats = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: "r-one",
    servers: [url],
    replicas: 1,
    markerMs,
    onParked: (count) => lines.push(`parked ${count}`),
    onTrouble: () => {},
  });
  const catalog = createCatalog({ views: nats.views.jobs, file: inMemory });
  const requester = createRequester(
    {
      requesterId: "r-one",
      auction: { width: 1, rounds: 1, waitMs: 300 },
      nodes: { disconnectAfterMs: 60_000, settleMs: 2_500 },
      positionsMs: 1_000,
    },
    {
      ...nats,
      ...{ catalog, clock: systemClock(), random: systemRandom, logger: { info: note, warn: note } },
      rebuild: sliceRebuilder(nats),
    },
  );
  const processes: readonly Process[] = [catalog, ...requester.processes];
  for (const process of processes) await process.start();
  const close = async () => {
    for (const process of processes.toReversed()) await process.stop();
    await nats.close();
  };
  return { requester, nats, close };
}

/** A node on a connection to a real server; its work is counted, and ends early when `finished` resolves. */
async function startNode(url: string, finished: Promise<void>) {
  const clock = systemClock();
  const node = await connectNode({ clock, random: systemRandom, nodeId, servers: [url] });
  const starts = new Map<string, number>();
  const ended = new Set<string>();
  const executor: Executor = {
    ...noop(clock),
    async start(work) {
      starts.set(work.id, (starts.get(work.id) ?? 0) + 1);
      const running = await noop(clock).start(work);
      const exit = Promise.race([running.exit, finished.then(() => ({ exitCode: 0 }))]);
      void exit.then(() => ended.add(work.id));
      return { ...running, exit };
    },
  };
  const processes = createCompute(
    { ...testSettings, nodeId },
    {
      ...node,
      clock,
      random: systemRandom,
      journal: memoryJournal(new Map(), () => true),
      workspace: memoryWorkspace(new Map()),
      executors: registry("executor", [executor]),
      sources: registry("source", []),
      publishers: registry("publisher", []),
      env: {},
      logger: silentLogger,
    },
  );
  for (const process of processes) await process.start();
  const close = async () => {
    for (const process of processes.toReversed()) await process.stop();
    await node.close();
  };
  return { starts, ended, close };
}

/** A requester and a node on connections to a real server; everything that they do is counted. */
export async function startInProcess(bench: NatsBench, markerMs: number) {
  const lines: string[] = [];
  const { url } = bench.server();
  const finished = Promise.withResolvers<void>();
  let current = await startRequester(url, markerMs, lines);
  const node = await startNode(url, finished.promise);
  return {
    lines,
    starts: node.starts,
    /** Executions whose work has ended, whether or not anybody knows. */
    ended: node.ended,
    /** Ends all work, and from now on every work as soon as it begins. */
    finish: () => finished.resolve(),
    get requester() {
      return current.requester;
    },
    get nats() {
      return current.nats;
    },
    /** Stops the requester in order, and starts it again after `meanwhile`. The node works on. */
    async restartRequester(meanwhile: () => Promise<void>) {
      await current.close();
      await meanwhile();
      current = await startRequester(url, markerMs, lines);
    },
    async close() {
      await node.close();
      await current.close();
    },
  };
}

export type InProcess = Awaited<ReturnType<typeof startInProcess>>;

/** Looks again and again, in the server's own time, until something holds. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + patienceMs; !(await holds().catch(() => false)); ) {
    if (Date.now() > late) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether every one of these jobs is completed, as the view has it. */
export async function allCompleted({ nats }: InProcess, jobIds: Iterable<string>): Promise<boolean> {
  const jobs = await Promise.all([...jobIds].map((jobId) => nats.views.jobs.get(`default.${jobId}`)));
  return jobs.every((entry) => JSON.stringify(entry ?? {}).includes('"stateType":"completed"'));
}
