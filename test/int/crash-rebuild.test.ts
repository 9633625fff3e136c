import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { buckets } from "@shoal/proto";
import { expect, it } from "vitest";
import { natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { subjectOfKey } from "../../libs/nats/src/views/bucket.ts";
import { allCompleted, type InProcess, jobOf, patienceMs, startInProcess, until } from "./in-process.ts";

const rounds = 10;
const jobsPerRound = 20;
// The shortest time that the server allows, so that markers expire before each kill.
const markerMs = 1_000;
const stream = `KV_${buckets.assignments}`;
/** Entries and removal markers of the node; positions of shards are in the bucket too. */
async function messagesIn({ nats }: InProcess): Promise<number> {
  const manager = await nats.session.manager();
  const { state } = await manager.streams.info(stream, {
    subjects_filter: subjectOfKey(buckets.assignments, "n-one.>"),
  });
  return Object.values(state.subjects ?? {}).reduce((sum, messages) => sum + messages, 0);
}

/** Removes the index, so that the server reads its files, as after a crash before it wrote the index. */
async function removeIndex(dataDir: string): Promise<void> {
  const files = await readdir(dataDir, { recursive: true });
  for (const file of files) if (file.includes(`${stream}/`) && file.endsWith("index.db")) await rm(join(dataDir, file));
}

onServer(() => {
  it(
    `restarts no settled execution, and leaves no stale assignment, over ${rounds} crashes of the server`,
    async () => {
      const harness = await natsHarness({ topology: false });
      const here = await startInProcess(harness, { markerMs });
      const submitted = new Set<string>();
      const submit = async () => {
        const all = Array.from({ length: jobsPerRound }, () =>
          here.requester.commands.submit({ spec: jobOf(0.1), actor: { type: "client", id: "test" } }),
        );
        for (const { jobId } of await Promise.all(all)) submitted.add(jobId);
      };
      const over = () => allCompleted(here, submitted);
      try {
        // One assignment exists the whole time: the server deletes an empty file, and would restore nothing.
        await here.requester.commands.submit({ spec: jobOf(3_600), actor: { type: "client", id: "test" } });
        await until("the long job at work", async () => here.starts.size === 1);
        for (let round = 0; round < rounds; round++) {
          await submit();
          await until("the end of all jobs", over);
          await until("the end of all markers", async () => (await messagesIn(here)) === 1);
          // Some are running when it is killed.
          const open = submit();
          await harness.crash(removeIndex);
          await open;
          await until("the end of all jobs", over);
          await until("an empty bucket", async () => (await messagesIn(here)) === 1);
        }
        expect([...here.starts].filter(([, count]) => count > 1)).toEqual([]);
        expect(here.starts.size).toBe(submitted.size + 1);
        // The server must have restored some entries, or the test proves nothing.
        const removed = here.lines.filter((line) => line.includes("removed a stale assignment"));
        expect(removed.length).toBeGreaterThan(rounds);
        expect(here.lines.filter((line) => line.startsWith("damage") || line.startsWith("parked"))).toEqual([]);
      } finally {
        await here.close();
        await harness.close();
      }
    },
    rounds * patienceMs,
  );
});
