import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { buckets, JobSpec, shardOf } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { type NatsHarness, natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { namedJobId } from "../../services/requester/src/commands/ids.ts";
import { listedJobs } from "../../services/requester/src/testing/listed-jobs.ts";
import { verifyPartsOf } from "../../services/requester/src/verify/open-replay.ts";
import { verifyViews } from "../../services/requester/src/verify/view-verifier.ts";
import { allCompleted, type InProcess, jobOf, patienceMs, startInProcess, until } from "./in-process.ts";

const views = [buckets.jobs, buckets.nodes, buckets.assignments, buckets.open] as const;
// The default: no test here waits for a marker to expire.
const markerMs = 60_000;
// Longer than the save of a position and the restart of a requester: the job times out during the rebuild or later.
const queueTimeoutSeconds = 6;

// Longer than a round until the loss: some shards have written entries and not yet saved their positions.
const unsavedMs = 5_000;

/** CPU cores of a long job: a node of four cores has room for two and a small job, but not for a large job. */
const longCpu = "1500m";
const largeCpu = "2";

const jobNeeding = (cpu: string, { RunSeconds = 0, queueTimeout = 0, name = "" } = {}): JobSpec =>
  JobSpec.parse({
    type: "batch",
    name,
    tasks: [
      {
        engine: { type: "noop", params: { RunSeconds } },
        resources: { cpu, memory: "1Mb" },
        timeouts: { executionTimeout: 0, queueTimeout, totalTimeout: 0 },
      },
    ],
  });

/** A job name whose job is in the shard, or in another one. */
function nameIn(shard: number, isIn = true): string {
  for (let n = 0; ; n++)
    if ((shardOf(namedJobId("default", `n-${shard}-${n}`)) === shard) === isIn) return `n-${shard}-${n}`;
}

const submit = async ({ requester }: InProcess, spec: JobSpec): Promise<string> =>
  (await requester.commands.submit({ spec, actor: { type: "client", id: "test" } })).jobId;

const entryText = async ({ nats }: InProcess, jobId: string): Promise<string> =>
  JSON.stringify((await nats.views.jobs.get(`default.${jobId}`)) ?? {});

const untilQueued = (here: InProcess, jobId: string): Promise<void> =>
  until(`${jobId} in its queue`, async () => /"stateType":"queued"/.test(await entryText(here, jobId)));

/** Resolves when the position in the bucket has reached the job's last commit. */
async function untilPosition({ nats }: InProcess, { bucket, id }: { readonly bucket: string; readonly id: string }) {
  const lastSeq = await nats.log.lastSeqOf({ kind: "job", namespace: "default", id });
  await until("its position in the bucket", async () => {
    const position = await nats.positions.load(bucket, shardOf(id));
    return (position?.eventsSeq ?? 0) >= lastSeq;
  });
}

/** The bytes of every entry of every view, by bucket and key. */
async function storedBytes({ nats }: InProcess): Promise<ReadonlyMap<string, string>> {
  const stored = new Map<string, string>();
  for (const view of views) {
    await nats.readAll(view, {
      begins: () => undefined,
      deliver(key, bytes) {
        if (bytes !== undefined) stored.set(`${view} ${key}`, Buffer.from(bytes).toString());
      },
    });
  }
  return stored;
}

/** Jobs that have ended, run and wait, and their entries in the views. */
async function startJobs(here: InProcess) {
  const startedBefore = here.starts.size;
  const ended = [await submit(here, jobOf(0)), await submit(here, jobOf(0))];
  await until("the end of the short jobs", () => allCompleted(here, ended));
  const long = jobNeeding(longCpu, { RunSeconds: 3_600 });
  const running = [await submit(here, long), await submit(here, long)];
  await until("work on the long jobs", async () => here.starts.size === startedBefore + ended.length + running.length);
  const waiting = await submit(here, jobNeeding(largeCpu));
  await untilQueued(here, waiting);
  let before = await storedBytes(here);
  await until("views that agree with the log", async () => {
    before = await storedBytes(here);
    if (!(await agrees(here))) return false;
    // Entries that were read before the comparison may have changed since.
    return holdsAll(await storedBytes(here), before) && holdsAll(before, await storedBytes(here));
  });
  return { ended, running, waiting, before };
}

const holdsAll = (stored: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): boolean =>
  [...expected].every(([key, bytes]) => stored.get(key) === bytes);

const agrees = async ({ nats }: InProcess): Promise<boolean> =>
  (await verifyViews(verifyPartsOf(nats), { recheckMs: 0 })).mismatches.count === 0;

/** Whether the list of jobs has every job as its entry shows it, and no other job. */
async function listsAll(here: InProcess): Promise<boolean> {
  const page = await here.catalog.list({ order: "createTime", reverse: false, limit: 100 });
  const listed = new Map(listedJobs(page).map((job) => [`default.${job.id}`, JSON.stringify(job)]));
  const entries: [string, string][] = [];
  await here.nats.readAll(buckets.jobs, {
    begins: () => undefined,
    deliver(key, bytes) {
      if (bytes !== undefined) entries.push([key, JSON.stringify(JSON.parse(Buffer.from(bytes).toString()).job)]);
    },
  });
  return page.next === undefined && holdsAll(listed, new Map(entries)) && listed.size === entries.length;
}

/** A way to lose a bucket. */
interface Loss {
  /** Preparation on a cluster without jobs. */
  readonly prepare?: (here: InProcess) => Promise<void>;
  readonly lose: (here: InProcess) => Promise<void>;
  /** By default the positions are saved before the loss. With a time between their saves, some are not. */
  readonly positionsMs?: number;
}

/** Loses a bucket while jobs run and wait, and expects no other loss. */
async function survives(harness: NatsHarness, { prepare, lose, ...rest }: Loss): Promise<void> {
  const here = await startInProcess(harness, { markerMs, ...rest });
  try {
    await prepare?.(here);
    const startedBefore = here.starts.size;
    const { ended, running, waiting, before } = await startJobs(here);
    // Another shard is the first to recreate the bucket. This one has entries in it, and then saves its position.
    const shard = shardOf(ended[0] ?? "");
    const timing = await submit(here, jobNeeding(largeCpu, { queueTimeout: queueTimeoutSeconds, name: nameIn(shard) }));
    await untilQueued(here, timing);
    if (rest.positionsMs === undefined) for (const bucket of views) await untilPosition(here, { bucket, id: timing });
    await lose(here);
    const accepted = await submit(here, jobNeeding("10m", { name: nameIn(shard, false) }));
    // The owner of an idle shard checks its buckets every 20 s, and then rebuilds.
    await until("every entry as it was", async () => holdsAll(await storedBytes(here), before), 2 * patienceMs);
    await until("the end of the new job", () => allCompleted(here, [accepted]));
    await until("the queue timeout", async () => /"stateType":"failed"/.test(await entryText(here, timing)));
    expect(await entryText(here, timing)).toMatch(/queue/i);
    here.finish();
    await until("the end of the running and the waiting jobs", () => allCompleted(here, [...running, waiting]));
    await until("views that agree with the log", () => agrees(here));
    await until("a list of all jobs", () => listsAll(here));
    expect([...here.starts].filter(([, count]) => count > 1)).toEqual([]);
    // Two that ended before, two that ran, the waiting one and the new one. The job that timed out never ran.
    expect(here.starts.size).toBe(startedBefore + 6);
    expect(here.lines.filter((line) => line.startsWith("parked"))).toEqual([]);
  } finally {
    await here.close();
  }
}

/** Backs up a bucket while a job runs that is stopped later, and restores it under a running requester and node. */
function restored(harness: NatsHarness, bucket: string): Loss {
  const stored = (dataDir: string) => join(dataDir, "jetstream/jetstream/$G/streams", `KV_${bucket}`);
  const backup = (dataDir: string) => join(dataDir, "backup");
  return {
    async prepare(here) {
      const early = await submit(here, jobNeeding(longCpu, { RunSeconds: 3_600 }));
      await until("the start of the early job", async () => here.starts.size === 1);
      await untilPosition(here, { bucket, id: early });
      await harness.crash((dataDir) => cp(stored(dataDir), backup(dataDir), { recursive: true }));
      const stop = { why: "enough", actor: { type: "client", id: "test" } } as const;
      await until("the stop", async () => (await here.requester.commands.stop(early, stop)).changed);
      await until("the end of the early job", async () => /"stateType":"stopped"/.test(await entryText(here, early)));
    },
    lose: () =>
      harness.crash(async (dataDir) => {
        await rm(stored(dataDir), { recursive: true });
        await cp(backup(dataDir), stored(dataDir), { recursive: true });
      }),
  };
}

onServer(() => {
  describe.concurrent.each(views)("the bucket %s", (bucket) => {
    const onHarness = async (loss: (harness: NatsHarness) => Loss): Promise<void> => {
      const harness = await natsHarness({ topology: false });
      await survives(harness, loss(harness)).finally(() => harness.close());
    };
    const removeBy = async (harness: NatsHarness) => {
      const { streams } = await (await harness.session()).manager();
      expect(await streams.delete(`KV_${bucket}`)).toBe(true);
    };
    it("comes back when it was deleted while the requester was stopped", { timeout: 4 * patienceMs }, () =>
      onHarness((harness) => ({ lose: (here) => here.restartRequester(() => removeBy(harness)) })),
    );
    it("comes back when it is deleted while everything runs", { timeout: 4 * patienceMs }, () =>
      onHarness((harness) => ({ lose: () => removeBy(harness) })),
    );
    it("comes back when an older backup is restored while everything runs", { timeout: 4 * patienceMs }, () =>
      onHarness((harness) => restored(harness, bucket)),
    );
    it("comes back when an older backup is restored before the positions are saved", { timeout: 4 * patienceMs }, () =>
      onHarness((harness) => ({ ...restored(harness, bucket), positionsMs: unsavedMs })),
    );
  });
});
