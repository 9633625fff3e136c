import type { StoredCommit } from "@shoal/core";
import { nextFeatureLevel, ofNextType } from "@shoal/core/testing";
import { type AggregateRef, commitVersion, shardCount, subjectOf } from "@shoal/proto";
import { expect, it } from "vitest";
import { natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { createCluster } from "../../services/requester/src/reads/cluster.ts";
import { jobOf, until } from "./in-process.ts";
import { type MixedCluster, startMixedCluster } from "./releases.ts";
import type { RunningRequester } from "./start-requester.ts";

const actor = { type: "client", id: "test" } as const;
const jobsPerStep = 4;
const timeoutMs = 120_000;

/** Jobs that are submitted during the whole test, at every requester in turn. */
function createLoad(cluster: MixedCluster) {
  const jobIds: string[] = [];
  return {
    jobIds,
    async submit(): Promise<void> {
      const all = [...cluster.live.values()];
      for (let index = 0; index < jobsPerStep; index++) {
        const at = all[index % all.length];
        const submitted = await at?.requester.commands.submit({ spec: jobOf(0.1), actor });
        if (submitted !== undefined) jobIds.push(submitted.jobId);
      }
    },
  };
}

const owned = (running: RunningRequester) => running.requester.owner.holdings();
const quarantined = (running: RunningRequester) => [...owned(running).values()].flatMap((each) => each.quarantined);
const isShared = async (cluster: MixedCluster, ...sizes: readonly number[]) =>
  [...cluster.live.values()].every((each, index) => owned(each).size === sizes[index]);
const half = shardCount / 2;

async function stateOf({ nats }: RunningRequester, jobId: string): Promise<string> {
  return /"stateType":"(\w+)"/.exec(JSON.stringify((await nats.views.jobs.get(`default.${jobId}`)) ?? {}))?.[1] ?? "";
}

async function untilAllCompleted(at: RunningRequester, jobIds: readonly string[]): Promise<void> {
  await until("the end of all jobs", async () => {
    for (const jobId of jobIds) if ((await stateOf(at, jobId)) !== "completed") return false;
    return true;
  });
}

const note = (jobId: string, id: string) => ({
  id,
  aggregate: { kind: "job", namespace: "default", id: jobId },
  command: { name: "Note", note: "seen" },
  actor,
});
const write = (kind: string, id: string) => ({
  id,
  aggregate: { kind, namespace: "default", id },
  command: { name: "Write", text: "hello" },
  actor,
});
const refused = { ok: false, rejection: { code: "FEATURE_LEVEL" } };
const clusterOf = ({ requester, nats }: RunningRequester) =>
  createCluster({ ...requester, requesterId: "r", leases: nats.leases });
const sweepJob = () => ({ spec: ofNextType(jobOf(0.1)), actor });

const refOf = (id: string): AggregateRef => ({ kind: "job", namespace: "default", id });

/** A job that still runs when the test ends. */
async function submitted({ requester }: RunningRequester): Promise<string> {
  return (await requester.commands.submit({ spec: jobOf(3_600), actor })).jobId;
}

async function lastOf({ nats }: RunningRequester, jobId: string): Promise<StoredCommit> {
  return (await nats.log.load(refOf(jobId))).at(-1) ?? expect.unreachable();
}

/** A commit of the next release, in a form that this release reads, with an event that it does not know. */
const noted = ({ hash, commit }: StoredCommit) => ({
  ...commit,
  v: commitVersion,
  id: "c-noted",
  cause: { command: "Note" },
  prev: hash,
  events: [{ type: "JobNoted", v: 1, data: { note: "hello" } }],
});

interface RawCommit {
  readonly id: string;
  readonly v: number;
  readonly prev?: string;
}

/** Appends to a job's subject as a requester of another release does. */
async function appendRaw({ nats }: RunningRequester, jobId: string, commit: RawCommit): Promise<void> {
  const last = await nats.log.lastSeqOf(refOf(jobId));
  const outcome = await nats.session.publisher.publish({
    subject: subjectOf(refOf(jobId)),
    bytes: new TextEncoder().encode(JSON.stringify(commit)),
    headers: { "Nats-Msg-Id": commit.id, "Nats-Expected-Last-Subject-Sequence": last },
  });
  expect(outcome.state).toBe("stored");
}

onServer(() => {
  it(
    "upgrades requester by requester, allows a rollback until the upgrade is finished, without loss, forks or flapping leases",
    async () => {
      const harness = await natsHarness({ topology: false });
      const cluster = await startMixedCluster(harness);
      const load = createLoad(cluster);
      try {
        const a = await cluster.start("r-a", "current");
        await cluster.start("r-b", "current");
        await until("two owners", () => isShared(cluster, half, half));
        await a.requester.dispatcher.create(write("memo", "m-1"));
        await load.submit();
        // Upgrade, rollback, upgrade: each step while jobs run.
        for (const release of ["next", "current", "next"] as const) {
          await cluster.replace("r-b", release);
          await load.submit();
          await until("two owners", () => isShared(cluster, half, half));
          await load.submit();
        }
        const b = cluster.live.get("r-b") ?? expect.unreachable();
        // The additions of the next release are not written while the other release runs.
        await expect(b.requester.commands.submit(sweepJob())).rejects.toMatchObject({ code: "FEATURE_LEVEL" });
        expect((await b.requester.dispatcher.create(write("pool", "p-1"))).reply).toMatchObject(refused);
        expect((await b.requester.dispatcher.create(write("memo", "m-2"))).reply).toMatchObject(refused);
        await expect(clusterOf(b).finishUpgrade()).rejects.toMatchObject({
          code: "UPGRADE_UNFINISHED",
          why: expect.stringContaining("r-a"),
        });
        await untilAllCompleted(b, load.jobIds);
        expect([...quarantined(a), ...quarantined(b)]).toEqual([]);

        const c = await cluster.replace("r-a", "next");
        await until("two owners", () => isShared(cluster, half, half));
        await load.submit();
        expect(await clusterOf(c).finishUpgrade()).toEqual({ featureLevel: nextFeatureLevel, before: 1 });
        await until("the level at both", async () =>
          [b, c].every(({ requester }) => requester.features.level() === nextFeatureLevel),
        );
        load.jobIds.push((await c.requester.commands.submit(sweepJob())).jobId);
        expect(await b.requester.dispatcher.send(note(load.jobIds[0] ?? "", "note-1"))).toMatchObject({ ok: true });
        for (const created of [write("pool", "p-1"), write("memo", "m-2")])
          expect((await b.requester.dispatcher.create(created)).reply).toMatchObject({ ok: true });
        expect(await c.requester.dispatcher.send(write("memo", "m-1"))).toMatchObject({ ok: true });

        // A forgotten requester returns: it owns no shard, and no shard moves.
        const before = cluster.leasesTaken();
        const late = await cluster.start("r-late", "current");
        await load.submit().catch((failure: unknown) => expect(failure).toMatchObject({ code: "REQUESTER_BEHIND" }));
        expect([owned(late).size, late.requester.features.isBehind()]).toEqual([0, true]);
        await untilAllCompleted(b, load.jobIds);
        expect(cluster.leasesTaken()).toBe(before);
        // 16 at first, then half of them whenever one of the two leaves or joins: once at the start, four replacements.
        expect(before).toBeLessThanOrEqual(shardCount + half * (1 + 4 * 2));
        expect(await cluster.verify()).toMatchObject({
          ok: true,
          problems: { count: 0 },
          unreadable: { count: 0 },
          mismatches: { count: 0 },
          aggregates: { job: load.jobIds.length, memo: 2, pool: 1 },
        });
      } finally {
        await cluster.close();
        await harness.close();
      }
    },
    timeoutMs,
  );

  it(
    "quarantines only aggregates that the next release wrote, and the next release continues them",
    async () => {
      const harness = await natsHarness({ topology: false });
      const cluster = await startMixedCluster(harness);
      try {
        const old = await cluster.start("r-a", "current");
        await until("all shards", () => isShared(cluster, shardCount));
        const newer = await submitted(old);
        const newest = await submitted(old);
        await until(
          "both at work",
          async () => (await stateOf(old, newer)) === "running" && (await stateOf(old, newest)) === "running",
        );
        const last = await lastOf(old, newest);
        // A later release with another form of the commit.
        await appendRaw(old, newest, { v: 2, id: "c-v2", prev: last.hash });
        await appendRaw(old, newer, noted(await lastOf(old, newer)));
        await until("two in quarantine", async () => quarantined(old).length === 2);
        expect(
          quarantined(old)
            .map(({ aggregate, code }) => [aggregate.id, code])
            .toSorted(),
        ).toEqual([newer, newest].toSorted().map((id) => [id, "LOG_NEWER"]));
        await expect(old.requester.commands.stop(newer, { why: "no", actor })).rejects.toMatchObject({
          code: "LOG_NEWER",
        });
        const beside = Array.from({ length: 2 * shardCount }, () =>
          old.requester.commands.submit({ spec: jobOf(0), actor }),
        );
        await untilAllCompleted(
          old,
          (await Promise.all(beside)).map(({ jobId }) => jobId),
        );
        expect([owned(old).size, cluster.leasesTaken()]).toEqual([shardCount, shardCount]);

        const next = await cluster.replace("r-a", "next");
        await until("all shards", () => isShared(cluster, shardCount));
        expect(quarantined(next).map(({ aggregate }) => aggregate.id)).toEqual([newest]);
        expect(await next.requester.commands.stop(newer, { why: "enough", actor })).toMatchObject({ changed: true });
        await until("the stop", async () => (await stateOf(next, newer)) === "stopped");
        // No commit was appended after one that no release here can read.
        const { problems, unreadable } = await cluster.verify();
        expect([problems, unreadable.count]).toEqual([{ count: 0, first: [] }, 1]);
        expect(cluster.leasesTaken()).toBe(2 * shardCount);
      } finally {
        await cluster.close();
        await harness.close();
      }
    },
    timeoutMs,
  );
});
