import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Process, registry } from "@shoal/core";
import { connectNode, connectRequester, systemChance, systemClock } from "@shoal/nats";
import { buckets, JobSpec } from "@shoal/proto";
import { expect, it } from "vitest";
import { type NatsBench, natsBench } from "../../libs/nats/src/testing/nats-bench.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { createCompute } from "../../services/compute/src/compute.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import { testSettings } from "../../services/compute/src/testing/node-bench.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { inMemory } from "../../services/requester/src/catalog/open-database.ts";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import { createRequester } from "../../services/requester/src/requester.ts";

const rounds = 20;
const jobsPerRound = 20;
// The shortest that the server knows: markers have expired before each kill.
const markerMs = 1_000;
// One round takes some four seconds on a machine that does other things too.
const roundMsMax = 30_000;
const nodeId = "n-one";
const stream = `KV_${buckets.assignments}`;
const jobOf = (RunSeconds: number) =>
  JobSpec.parse({
    type: "batch",
    tasks: [{ engine: { type: "noop", params: { RunSeconds } }, resources: { cpu: "10m", memory: "1Mb" } }],
  });

/** A requester and a node on connections to a real server; everything that they do is counted. */
async function cluster(bench: NatsBench) {
  const clock = systemClock();
  const lines: string[] = [];
  const note = (_facts: unknown, sentence: string) => void lines.push(sentence);
  const servers = [bench.server().url];
  const nats = await connectRequester({
    requesterId: "r-one",
    servers,
    replicas: 1,
    markerMs,
    onDamage: ({ why }) => lines.push(`damage: ${why}`),
    onParked: (count) => lines.push(`parked ${count}`),
    onTrouble: () => {},
  });
  const catalog = createCatalog({ views: nats.views.jobs, clock, requesterId: "r-one", file: inMemory });
  const requester = createRequester(
    {
      requesterId: "r-one",
      auction: { width: 1, rounds: 1, waitMs: 300, queueBefore: 64 },
      nodes: { disconnectAfterMs: 60_000, settleMs: 500 },
      checkpointMs: 1_000,
    },
    { ...nats, catalog, clock, chance: systemChance, diary: { info: note, warn: note } },
  );
  const node = await connectNode({ nodeId, servers });
  const starts = new Map<string, number>();
  const executor: Executor = {
    ...noop(clock),
    start(work) {
      starts.set(work.id, (starts.get(work.id) ?? 0) + 1);
      return noop(clock).start(work);
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
    requester,
    nats,
    async close() {
      for (const process of processes.toReversed()) await process.stop();
      await node.close();
      await nats.close();
    },
  };
}

type Cluster = Awaited<ReturnType<typeof cluster>>;

/** Looks again and again, in the server's own time, until something holds. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + roundMsMax; !(await holds().catch(() => false)); ) {
    if (Date.now() > late) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function messagesIn({ nats }: Cluster): Promise<number> {
  const manager = await nats.link.manager();
  return (await manager.streams.info(stream)).state.messages;
}

/** Without it the server reads its files, as after a crash before it was written. */
async function removeIndex(dataDir: string): Promise<void> {
  const files = await readdir(dataDir, { recursive: true });
  for (const file of files) if (file.includes(`${stream}/`) && file.endsWith("index.db")) await rm(join(dataDir, file));
}

onServer(() => {
  it(
    `begins nothing again that is settled, and leaves no stale assignment, over ${rounds} unclean ends of the server`,
    async () => {
      const bench = await natsBench({ topology: false });
      const here = await cluster(bench);
      const submitted = new Set<string>();
      const submit = async () => {
        const all = Array.from({ length: jobsPerRound }, () =>
          here.requester.commands.submit({ spec: jobOf(0.1), cause: "test" }),
        );
        for (const { jobId } of await Promise.all(all)) submitted.add(jobId);
      };
      const over = async () => {
        const jobs = await Promise.all([...submitted].map((jobId) => here.nats.views.jobs.get(`default.${jobId}`)));
        return jobs.every((entry) => JSON.stringify(entry ?? {}).includes('"stateType":"completed"'));
      };
      try {
        // One assignment stays for the whole time: a file of which nothing is left the server deletes, and brings nothing back.
        await here.requester.commands.submit({ spec: jobOf(3_600), cause: "test" });
        await until("the long job at work", async () => here.starts.size === 1);
        for (let round = 0; round < rounds; round++) {
          await submit();
          await until("the end of all jobs", over);
          await until("the end of all markers", async () => (await messagesIn(here)) === 1);
          // Some are under way when it dies.
          const open = submit();
          await bench.crash(removeIndex);
          await open;
          await until("the end of all jobs", over);
          await until("an empty bucket", async () => (await messagesIn(here)) === 1);
        }
        expect([...here.starts].filter(([, count]) => count > 1)).toEqual([]);
        expect(here.starts.size).toBe(submitted.size + 1);
        // What the server brought back was there, or the test has shown nothing.
        const removed = here.lines.filter((line) => line.includes("does not hold any more is removed"));
        expect(removed.length).toBeGreaterThan(rounds);
        expect(here.lines.filter((line) => line.startsWith("damage") || line.startsWith("parked"))).toEqual([]);
      } finally {
        await here.close();
        await bench.close();
      }
    },
    rounds * roundMsMax,
  );
});
