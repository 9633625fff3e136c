import { type EventLog, Fault, type Kind, kinds, noReaction, registry, type StoredCommit } from "@shoal/core";
import { defineEvent, type StoredEvent, shardCount, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { executionOf, jobIdOf, jobRef, steps } from "../testing/sample-jobs.ts";
import { createVerifyHarness, type VerifyHarness } from "../testing/verify-harness.ts";
import { appended, parties } from "../testing/verify-history.ts";
import { type RebuildOptions, type RebuildProgress, rebuildViews } from "./rebuild-views.ts";
import type { Stores } from "./stored-views.ts";
import { verifyViews } from "./view-verifier.ts";

let harness: VerifyHarness;
beforeEach(() => {
  harness = createVerifyHarness();
});
afterEach(() => harness.close());

const { done, open } = parties;
const deferred = jobIdOf(3);
const buckets = ["assignments", "jobs", "nodes", "open"] as const;
const { submit, start, complete, history } = appended(() => harness);

const rebuild = (options: Partial<RebuildOptions> = {}) => {
  const { log, positions } = harness.ports;
  return rebuildViews({ log, positions, kinds, stores: harness.stores, buckets, shard: "all", ...options });
};
const snapshot = () => Object.fromEntries(buckets.map((bucket) => [bucket, harness.stored(bucket)]));
const verified = async () => (await verifyViews(harness.parts(), { recheckMs: 0 })).mismatches;

/** The same log, with a callback on each scan. */
const scanning = (before: (scans: number) => Promise<void>): EventLog => {
  const { log } = harness.ports;
  let scans = 0;
  return {
    ...log,
    async scan(afterSeq, deliver, reading) {
      scans += 1;
      const seq = await log.scan(afterSeq, deliver, reading);
      await before(scans);
      return seq;
    },
  };
};

/** The same stores, with a callback before each write. */
const writing = (before: () => Promise<void> | undefined): Stores =>
  Object.fromEntries(
    Object.entries(harness.stores).map(([name, store]) => [
      name,
      {
        ...store,
        put: async (key, value) => {
          await before();
          await store.put(key, value);
        },
      },
    ]),
  );

describe("a rebuild", () => {
  it.each(buckets)("restores %s as it was, byte for byte, and its position with it", async (bucket) => {
    await history();
    const before = snapshot();
    harness.sim.drop(bucket);
    expect(harness.stored(bucket)).toEqual({});
    const summary = await rebuild({ buckets: [bucket] });
    expect(snapshot()).toEqual(before);
    const upTo = await harness.ports.log.lastSeq();
    expect(summary).toMatchObject({ upTo, written: Object.keys(before[bucket] ?? {}).length, unchanged: 0 });
    for (let shard = 0; shard < shardCount; shard++)
      expect(await harness.ports.positions.load(bucket, shard)).toMatchObject({ eventsSeq: upTo, reportsSeq: 0 });
  });
  it("writes nothing where all entries are correct", async () => {
    await history();
    const before = snapshot();
    expect(await rebuild()).toMatchObject({ written: 0, removed: 0, unchanged: 6, stopped: 0 });
    expect(snapshot()).toEqual(before);
  });
  it("repairs what is missing, different and unexpected", async () => {
    await history();
    const before = snapshot();
    const { jobs, assignments } = harness.sim.views;
    jobs.write(`default.${done}`, 1, { seq: 1 });
    const [key = "", entry] = [...jobs.saved].find(([each]) => each.endsWith(done)) ?? [];
    jobs.write(key, entry?.seq ?? 0, { seq: entry?.seq ?? 0, odd: true });
    jobs.write("default.j-unknown", 1, { seq: 1 });
    assignments.write("n-one.e-unknown", 1, { seq: 1 });
    assignments.write("n-one.e-older", 1, { seq: 1, jobId: done, namespace: "default" });
    expect(await rebuild()).toMatchObject({ written: 1, removed: 3, unchanged: 5 });
    expect(snapshot()).toEqual(before);
    expect(await verified()).toMatchObject({ count: 0 });
  });
  it("writes an entry again that is not stored in canonical bytes", async () => {
    await history();
    const key = `default.${done}`;
    harness.forged.set(key, Buffer.from(JSON.stringify(JSON.parse(harness.stored("jobs")[key] ?? ""), null, 1)));
    expect(await rebuild({ views: harness.parts().views })).toMatchObject({ written: 1, unchanged: 5 });
  });
  it("leaves entries that are newer than the log's end at the start", async () => {
    await history();
    const seq = (await harness.ports.log.lastSeq()) + 1;
    harness.sim.views.jobs.write("default.j-new", seq, { seq });
    harness.sim.views.jobs.write(`default.${open}`, seq, { seq });
    await rebuild();
    expect(harness.stored("jobs")).toMatchObject({
      "default.j-new": JSON.stringify({ seq }),
      [`default.${open}`]: JSON.stringify({ seq }),
    });
  });
  it("quarantines an unreadable aggregate, and removes no entry that a later version may have written for it", async () => {
    await history();
    const seq = harness.sim.log.put(jobRef(open), '{"v":99}');
    harness.sim.views.assignments.write("n-two.e-later", 1, { seq: 1, jobId: open, namespace: "default" });
    harness.sim.drop("open");
    expect(await rebuild()).toMatchObject({ stopped: 1, removed: 0 });
    expect(Object.keys(harness.stored("assignments"))).toEqual([`n-one.${executionOf(open)}`, "n-two.e-later"].sort());
    expect(JSON.parse(harness.stored("open")[`${shardOf(open)}.job.default.${open}`] ?? "{}")).toMatchObject({
      seq,
      quarantine: { seq, code: "LOG_NEWER" },
    });
  });
  it("rebuilds one shard and leaves the others unchanged", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `j-${index}`);
    for (const id of ids) {
      await start(id);
      await harness.project(jobRef(id));
    }
    const shard = shardOf(ids[0] ?? "");
    const before = snapshot();
    for (const bucket of buckets) harness.sim.drop(bucket);
    // Of another shard, and of none that can be named.
    const stranger = ids.find((id) => shardOf(id) !== shard) ?? "";
    harness.sim.views.assignments.write("n-x.e-stranger", 1, { seq: 1, jobId: stranger, namespace: "default" });
    harness.sim.views.assignments.write("n-x.e-unknown", 1, { seq: 1 });
    await rebuild({ shard });
    const own = ids.filter((id) => shardOf(id) === shard);
    expect(Object.keys(harness.stored("jobs"))).toEqual(own.map((id) => `default.${id}`).sort());
    expect(harness.stored("assignments")).toEqual({
      ...Object.fromEntries(
        own.map((id) => [`n-one.${executionOf(id)}`, before["assignments"]?.[`n-one.${executionOf(id)}`]]),
      ),
      "n-x.e-stranger": expect.any(String),
      "n-x.e-unknown": expect.any(String),
    });
    expect(await harness.ports.positions.load("jobs", shard)).toMatchObject({ eventsSeq: expect.any(Number) });
    expect(await harness.ports.positions.load("jobs", (shard + 1) % shardCount)).toBeUndefined();
    await rebuild();
    expect(snapshot()).toEqual(before);
  });
});

describe("a rebuild beside others", () => {
  it("follows an owner that writes meanwhile, and restores no entry that it removed", async () => {
    await history();
    for (const bucket of buckets) harness.sim.drop(bucket);
    const log = scanning(async (scans) => {
      if (scans !== 1) return;
      await complete(open);
      await submit(deferred);
      for (const ref of [jobRef(open), jobRef(deferred)]) await harness.project(ref);
      // As if the marker of the removal had expired, which a late write would require.
      harness.sim.views.assignments.drop();
    });
    await rebuild({ log });
    expect(harness.stored("assignments")).toEqual({});
    expect(await verified()).toMatchObject({ count: 0 });
  });
  it("follows an aggregate that continues after it had settled", async () => {
    await history();
    for (const bucket of buckets) harness.sim.drop(bucket);
    const log = scanning(async (scans) => {
      // A commit that cannot follow stops the aggregate; its entries stay those of the readable part.
      if (scans === 1) await harness.append(jobRef(done), steps.started(done));
    });
    expect(await rebuild({ log })).toMatchObject({ stopped: 1 });
    expect(Object.keys(harness.stored("jobs"))).toContain(`default.${done}`);
    expect(harness.stored("open")[`${shardOf(done)}.job.default.${done}`]).toContain("quarantine");
  });
  it("yields to another one that finishes first", async () => {
    await history();
    const before = snapshot();
    for (const bucket of buckets) harness.sim.drop(bucket);
    await Promise.all([rebuild(), rebuild()]);
    expect(snapshot()).toEqual(before);
    expect(await harness.ports.positions.load("jobs", 3)).toMatchObject({
      eventsSeq: await harness.ports.log.lastSeq(),
    });
  });
  it("leaves a position that an owner has written", async () => {
    await history();
    await harness.ports.positions.save("jobs", 3, { eventsSeq: 2, reportsSeq: 0, revision: 0 });
    await rebuild();
    expect(await harness.ports.positions.load("jobs", 3)).toMatchObject({ eventsSeq: 2 });
  });
});

it("has at most 256 writes under way, and reads no further meanwhile", async () => {
  for (let n = 0; n < 600; n++) {
    await start(`j-${n}`);
    await complete(`j-${n}`);
  }
  for (const bucket of buckets) harness.sim.drop(bucket);
  const [stored, full] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let [underWay, most, read] = [0, 0, 0];
  const stores = writing(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    if (underWay === 256) full.resolve();
    await stored.promise;
    underWay -= 1;
  });
  const { log } = harness.ports;
  const counted: EventLog = {
    ...log,
    scan: (afterSeq, deliver, reading) =>
      log.scan(
        afterSeq,
        (commit) => {
          read += 1;
          deliver(commit);
        },
        reading,
      ),
  };
  const rebuilding = rebuild({ log: counted, stores });
  await full.promise;
  await new Promise(setImmediate);
  // A job has four commits, and its only entry is written with the last one.
  expect([most, read]).toEqual([256, 4 * 256]);
  stored.resolve();
  await rebuilding;
  expect([most, read]).toEqual([256, 4 * 600]);
});

describe("a rebuild that ends early", () => {
  it("leaves no complete position, and is completed by the next one", async () => {
    await history();
    const before = snapshot();
    for (const bucket of buckets) harness.sim.drop(bucket);
    let puts = 0;
    const stores = writing(() => {
      puts += 1;
      return puts > 3 ? Promise.reject(new Fault("LOG_UNREACHABLE", "the process died here")) : undefined;
    });
    await expect(rebuild({ stores })).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    expect(snapshot()).not.toEqual(before);
    for (const bucket of buckets) expect((await harness.ports.positions.load(bucket, 3))?.eventsSeq ?? 0).toBe(0);
    await rebuild();
    expect(snapshot()).toEqual(before);
    expect(await harness.ports.positions.load("jobs", 3)).toMatchObject({
      eventsSeq: await harness.ports.log.lastSeq(),
    });
  });
  it("throws the reason of its signal, also while nothing is answered", async () => {
    await history();
    const quit = new AbortController();
    const log = { ...harness.ports.log, scan: () => new Promise<number>(() => quit.abort(new Error("enough"))) };
    await expect(rebuild({ log, signal: quit.signal })).rejects.toThrow("enough");
    await expect(rebuild({ signal: quit.signal })).rejects.toThrow("enough");
    expect(await harness.ports.positions.load("jobs", 3)).toMatchObject({ isRebuilding: true });
  });
  it("starts over when a bucket is deleted meanwhile", async () => {
    await history();
    const before = snapshot();
    const log = scanning(async (scans) => {
      if (scans === 2) harness.sim.drop("jobs");
    });
    await expect(rebuild({ log })).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    await rebuild();
    expect(snapshot()).toEqual(before);
  });
});

describe("a rebuild of any kind", () => {
  const Grown = defineEvent("Grown", z.object({ by: z.number() }));
  const Reaped = defineEvent("Reaped", z.object({}));
  interface Plant {
    readonly id: string;
    readonly height: number;
    readonly isReaped: boolean;
    readonly seq: number;
  }
  /** A kind that settles and continues later, with its own view. */
  const plants: Kind<Plant> = {
    name: "plant",
    isNamespaced: false,
    events: [Grown, Reaped],
    decide: () => ({ ok: true, events: [] }),
    evolve: (state, event: StoredEvent, { seq }) => {
      const height = (state?.height ?? 0) + Number(Object.values(event.data ?? {})[0] ?? 0);
      return { id: "p-1", height, isReaped: event.type === "Reaped", seq };
    },
    react: () => noReaction,
    isEnded: ({ isReaped }) => isReaped,
    isSettled: ({ isReaped }) => isReaped,
    nodesOf: () => [],
    views: [
      {
        bucket: { name: "heights", keys: "<plantId>" },
        pace: "at once",
        parts: (plant) => [{ key: plant.id, of: plant, seq: plant.seq }],
        render: (_, { height }) => ({ height }),
      },
    ],
    creates: [],
    accepts: {},
  };
  const ref = { kind: "plant", namespace: "", id: "p-1" } as const;

  it("folds what continues after it had settled, and verifies it", async () => {
    harness.close();
    const known = registry<Kind>("kind", [plants as Kind]);
    harness = createVerifyHarness(known);
    const steps: readonly StoredEvent[] = [
      Grown.of({ by: 2 }),
      Reaped.of({}),
      Grown.of({ by: 3 }),
      Grown.of({ by: 4 }),
    ];
    const made: StoredCommit[] = [];
    for (const event of steps) made.push(await harness.append(ref, event));
    const options = { kinds: known, buckets: ["heights", "open"] };
    expect(await rebuild(options)).toMatchObject({ stopped: 0, removed: 0 });
    expect(harness.stored("heights")).toEqual({ "p-1": JSON.stringify({ seq: made[3]?.seq, height: 9 }) });
    const openKey = `${shardOf("p-1")}.plant.p-1`;
    expect(JSON.parse(harness.stored("open")[openKey] ?? "{}")).toEqual({ seq: made[2]?.seq, ...ref });
    expect(await verifyViews(harness.parts(), { recheckMs: 0 })).toMatchObject({ ok: true, aggregates: { plant: 1 } });

    await harness.append(ref, Reaped.of({}));
    const progress: RebuildProgress[] = [];
    await rebuild({ ...options, onProgress: (each) => progress.push(each) });
    expect(harness.stored("open")).toEqual({});
    expect(harness.stored("heights")["p-1"]).toContain('"height":9');
    expect(progress.at(-1)).toMatchObject({ seq: await harness.ports.log.lastSeq(), removed: 1 });
  });
});
