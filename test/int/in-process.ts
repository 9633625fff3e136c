import { type Process, registry } from "@shoal/core";
import { connectNode, connectRequester, systemChance, systemClock } from "@shoal/nats";
import { JobSpec } from "@shoal/proto";
import type { NatsBench } from "../../libs/nats/src/testing/nats-bench.ts";
import { createCompute } from "../../services/compute/src/compute.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import { testSettings } from "../../services/compute/src/testing/node-bench.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { inMemory } from "../../services/requester/src/catalog/open-database.ts";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import { createRequester } from "../../services/requester/src/requester.ts";
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

/** A requester and a node on connections to a real server; everything that they do is counted. */
export async function startInProcess(bench: NatsBench, markerMs: number) {
  const clock = systemClock();
  const lines: string[] = [];
  const note = (_facts: unknown, sentence: string) => void lines.push(sentence);
  const servers = [bench.server().url];
  const nats = await connectRequester({
    requesterId: "r-one",
    servers,
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
      nodes: { disconnectAfterMs: 60_000, settleMs: 500 },
      positionsMs: 1_000,
    },
    { ...nats, catalog, clock, chance: systemChance, diary: { info: note, warn: note }, rebuild: sliceRebuilder(nats) },
  );
  const node = await connectNode({ nodeId, servers });
  const starts = new Map<string, number>();
  const ended = new Set<string>();
  const executor: Executor = {
    ...noop(clock),
    async start(work) {
      starts.set(work.id, (starts.get(work.id) ?? 0) + 1);
      const running = await noop(clock).start(work);
      void running.exit.then(() => ended.add(work.id));
      return running;
    },
  };
  const compute = createCompute(
    { ...testSettings, nodeId },
    {
      ...node,
      clock,
      chance: systemChance,
      journal: memoryJournal(new Map(), () => true),
      workspace: memoryWorkspace(new Map()),
      executors: registry("executor", [executor]),
      sources: registry("source", []),
      publishers: registry("publisher", []),
      env: {},
      notes: { info: () => {}, warn: () => {} },
    },
  );
  const processes: readonly Process[] = [catalog, ...requester.processes, ...compute];
  for (const process of processes) await process.start();
  return {
    lines,
    starts,
    /** Executions whose work has ended, whether or not anybody knows. */
    ended,
    requester,
    nats,
    async close() {
      for (const process of processes.toReversed()) await process.stop();
      await node.close();
      await nats.close();
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
