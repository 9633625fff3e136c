import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decideJob, foldJob, type Job, jobEntity, selects, type ViewStore } from "@shoal/core";
import { createSimulatedCluster, drive, type SimulatedCluster } from "@shoal/core/testing";
import { commitVersion, JobSpec, type JobState } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listedJobs } from "../testing/listed-jobs.ts";
import type { Catalog, JobQuery } from "./catalog.ts";
import { inMemory, newestInDatabase } from "./open-database.ts";
import { parseSelector } from "./selector.ts";
import { createCatalog } from "./sqlite-catalog.ts";

const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });

interface Sample {
  readonly id: string;
  readonly seq: number;
  readonly state?: JobState;
  readonly at?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

function entry({ id, seq, state = "running", at = seq, labels = {}, namespace = "default" }: Sample) {
  const header = {
    id,
    version: 1,
    message: "",
    code: "",
    queueUntil: undefined,
    totalUntil: undefined,
    revision: 1,
    seq,
  };
  const job = jobEntity({
    header: { ...header, spec: { ...spec, labels, namespace }, state, createdAt: at, modifiedAt: at },
    rollout: undefined,
  });
  return { seq, job };
}

function submittedAt(seq: number, id: string): Job {
  const decision = decideJob(undefined, { name: "Submit", jobId: id, spec }, 0);
  const events = decision.ok ? decision.events : [];
  const commit = {
    v: commitVersion,
    id: "c-1",
    at: 0,
    by: "r-1",
    actor: { type: "requester", id: "r" },
    cause: { command: "Submit" },
    epoch: 0,
    prev: "",
    events,
  } as const;
  const aggregate = { kind: "job", namespace: "default", id } as const;
  return foldJob([{ aggregate, seq, hash: "h", commit }]) ?? expect.unreachable();
}

let sim: SimulatedCluster;
let driving: { stop(): void };
let folder: string;
const open: { stop(): Promise<void> }[] = [];

beforeEach(() => {
  sim = createSimulatedCluster({ seed: "catalog" });
  driving = drive(sim.clock);
  folder = mkdtempSync(join(tmpdir(), "shoal-catalog-"));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
  driving.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function catalogOf(file: string = inMemory, delivered: string[] = []) {
  const { follow } = sim.requester("r-1").views.jobs;
  const views: Pick<ViewStore, "follow"> = {
    follow: (after, follower) =>
      follow(after, {
        ...follower,
        begins: (bucketId) => follower.begins(bucketId),
        changed(key, value, revision) {
          delivered.push(key);
          follower.changed(key, value, revision);
        },
      }),
  };
  const catalog = createCatalog({ views, file, pause: async () => undefined });
  open.push(catalog);
  await catalog.start();
  return catalog;
}

/** Stops the catalog that was started last. */
const stop = async () => open.pop()?.stop();

const write = (...samples: readonly Sample[]) => {
  for (const sample of samples)
    sim.views.jobs.write(`${sample.namespace ?? "default"}.${sample.id}`, sample.seq, entry(sample));
};
const remove = (id: string, seq: number) => sim.views.jobs.write(`default.${id}`, seq, undefined);
const list = async (catalog: Catalog, query: JobQuery) => listedJobs(await catalog.list(query));
const all = async (catalog: Catalog) =>
  (await list(catalog, { order: "createTime", reverse: false, limit: 1000 })).map(({ id }) => id);

describe("the catalog", () => {
  it("lists a job at once that was submitted here, and its later states in the view", async () => {
    const catalog = await catalogOf();
    const submitted = submittedAt(5, "j-1");
    catalog.folded(submitted);
    expect(await list(catalog, { order: "createTime", reverse: false, limit: 1 })).toMatchObject([
      { id: "j-1", state: { stateType: "pending" } },
    ]);
    write({ id: "j-1", seq: 7, state: "completed" });
    await catalog.caughtUp();
    catalog.folded(submitted);
    expect(await list(catalog, { order: "createTime", reverse: false, limit: 1 })).toMatchObject([
      { id: "j-1", state: { stateType: "completed" } },
    ]);
  });

  it("knows the position of a job's newest state, and writes no row for it", async () => {
    const file = join(folder, "positions.sqlite");
    const catalog = await catalogOf(file);
    const rows = () => {
      const database = new DatabaseSync(file, { readOnly: true });
      const found = database.prepare("SELECT id FROM jobs").all();
      database.close();
      return found.length;
    };
    catalog.folded(submittedAt(5, "j-1"));
    expect([catalog.seqOf("j-1"), catalog.seqOf("j-2"), rows()]).toEqual([5, 0, 0]);
    expect([catalog.find("j-1")?.seq, rows(), catalog.seqOf("j-1")]).toEqual([5, 1, 5]);
  });

  it("has the bucket's entries from before and after its start", async () => {
    write({ id: "j-1", seq: 1 });
    const catalog = await catalogOf();
    expect(await all(catalog)).toEqual(["j-1"]);
    write({ id: "j-2", seq: 2 });
    await catalog.caughtUp();
    expect(await all(catalog)).toEqual(["j-1", "j-2"]);
  });
  it("catches up with everything that was stored at the time of the call", async () => {
    const catalog = await catalogOf();
    for (let round = 1; round <= 20; round++) {
      write({ id: `j-${round}`, seq: round });
      const asked = [catalog.caughtUp(), catalog.caughtUp()];
      await asked[round % 2];
      expect(await all(catalog)).toHaveLength(round);
      await Promise.all(asked);
    }
  });
  it("has started once its watch is open, also when all entries were delivered before that", async () => {
    const { views } = sim.requester("r-1");
    const opened = Promise.withResolvers<void>();
    const passedOn = Promise.withResolvers<void>();
    const late: typeof views.jobs = {
      ...views.jobs,
      async follow(after, follower) {
        const caughtUp = () => passedOn.resolve(follower.caughtUp());
        const following = await views.jobs.follow(after, { ...follower, caughtUp });
        await opened.promise;
        return following;
      },
    };
    const catalog = createCatalog({ views: late, file: inMemory });
    open.push(catalog);
    let started = false;
    const starting = catalog.start().then(() => {
      started = true;
    });
    await passedOn.promise;
    await sim.clock.settle();
    expect(started).toBe(false);
    opened.resolve();
    await starting;
    await catalog.caughtUp();
  });
  it("writes nothing to the bucket to check whether it has caught up", async () => {
    write({ id: "j-1", seq: 1 });
    const catalog = await catalogOf();
    const written: string[] = [];
    sim.views.jobs.onChanged.add((key) => written.push(key));
    for (let round = 0; round < 5; round++) await Promise.all([catalog.caughtUp(), catalog.caughtUp()]);
    expect(written).toEqual([]);
    expect([...sim.views.jobs.saved.keys()]).toEqual(["default.j-1"]);
  });
  it("drops removed jobs", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    const catalog = await catalogOf();
    remove("j-1", 3);
    await catalog.caughtUp();
    expect(await all(catalog)).toEqual(["j-2"]);
  });
  it("finds ids by their beginning", async () => {
    write({ id: "j-ab1", seq: 1 }, { id: "j-ab2", seq: 2 }, { id: "j-b", seq: 3 });
    const catalog = await catalogOf();
    expect(catalog.idsStartingWith("j-ab", 5)).toEqual(["j-ab1", "j-ab2"]);
    expect(catalog.idsStartingWith("j-ab", 1)).toEqual(["j-ab1"]);
    expect(catalog.idsStartingWith("j-c", 2)).toEqual([]);
    expect(catalog.idsStartingWith("j-%", 2)).toEqual([]);
  });
  it.each([false, true])("pages through every job once, reverse: %s", async (reverse) => {
    const ids = Array.from({ length: 25 }, (_, index) => `j-${String(index).padStart(2, "0")}`);
    // Pairs have the same time, so that only the id orders them.
    write(...ids.map((id, index) => ({ id, seq: index + 1, at: Math.floor(index / 2) })));
    const catalog = await catalogOf();
    const seen: string[] = [];
    for (let after: { at: number; jobId: string } | undefined, more = true; more; ) {
      const page = await catalog.list({
        order: "modifyTime",
        reverse,
        limit: 4,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...listedJobs(page).map(({ id }) => id));
      after = page.next;
      more = after !== undefined;
    }
    expect(seen).toEqual(reverse ? ids.toReversed() : ids);
  });
  it("pages through the selected jobs, however rare they are", async () => {
    write(
      ...Array.from({ length: 1200 }, (_, index) => ({
        id: `j-${index}`,
        seq: index + 1,
        labels: index % 400 === 0 ? { rare: "1" } : {},
      })),
    );
    const catalog = await catalogOf();
    const labels = parseSelector("rare=1");
    const first = await catalog.list({ order: "createTime", reverse: false, limit: 2, labels });
    expect(listedJobs(first).map(({ id }) => id)).toEqual(["j-0", "j-400"]);
    const after = first.next ?? expect.unreachable();
    const second = await catalog.list({ order: "createTime", reverse: false, limit: 2, labels, after });
    expect(listedJobs(second).map(({ id }) => id)).toEqual(["j-800"]);
    expect(second.next).toBeUndefined();
  });
});

describe("a catalog in a file", () => {
  const fileIn = () => join(folder, "catalog.sqlite");

  it("reopens without the jobs that left the bucket meanwhile", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    await catalogOf(fileIn());
    await stop();
    remove("j-1", 3);
    write({ id: "j-3", seq: 4 });
    expect(await all(await catalogOf(fileIn()))).toEqual(["j-2", "j-3"]);
  });
  it("does not reread the entries that it has", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    const first = await catalogOf(fileIn());
    write({ id: "j-3", seq: 3 });
    await first.caughtUp();
    await stop();
    write({ id: "j-2", seq: 4, state: "completed" });
    const delivered: string[] = [];
    const catalog = await catalogOf(fileIn(), delivered);
    expect(delivered).toEqual(["default.j-2"]);
    expect((await all(catalog)).toSorted()).toEqual(["j-1", "j-2", "j-3"]);
  });
  it("stores its position and its rows in one transaction, whenever its process dies", async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `j-${index}`);
    const catalog = await catalogOf(fileIn());
    for (const [index, id] of ids.entries()) {
      write({ id, seq: index + 1 });
      if (index % 100 !== 50) continue;
      await catalog.caughtUp();
      const copy = join(folder, `dead-${index}.sqlite`);
      for (const part of ["", "-wal"]) if (existsSync(fileIn() + part)) copyFileSync(fileIn() + part, copy + part);
      expect(await all(await catalogOf(copy))).toHaveLength(index + 1);
      await stop();
    }
  });
  it("drops jobs that left the bucket without a marker, and none that it has from the log alone", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 }, { id: "j-3", seq: 3 });
    const first = await catalogOf(fileIn());
    first.folded(submittedAt(9, "j-own"));
    await stop();
    sim.views.jobs.purge("default.j-2");
    const catalog = await catalogOf(fileIn());
    await expect.poll(async () => (await all(catalog)).toSorted()).toEqual(["j-1", "j-3", "j-own"]);
    const delivered: string[] = [];
    await stop();
    expect(await all(await catalogOf(fileIn(), delivered))).toHaveLength(3);
    expect(delivered).toEqual([]);
  });
  it("is refilled when the bucket is another one", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    await catalogOf(fileIn());
    await stop();
    sim.views.jobs.drop();
    write({ id: "j-3", seq: 3 }, { id: "j-4", seq: 4 }, { id: "j-5", seq: 5 });
    expect(await all(await catalogOf(fileIn()))).toEqual(["j-3", "j-4", "j-5"]);
  });
  it("follows a bucket that is deleted and recreated while it runs", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    const catalog = await catalogOf(fileIn());
    catalog.folded(submittedAt(9, "j-own"));
    sim.views.jobs.drop();
    write({ id: "j-2", seq: 10 }, { id: "j-3", seq: 11 });
    await catalog.caughtUp();
    // The log has j-1, so its owner writes it again.
    expect(await all(catalog)).toEqual(["j-own", "j-1", "j-2", "j-3"]);
    await stop();
    const restarted = await catalogOf(fileIn());
    await expect.poll(() => all(restarted)).toEqual(["j-own", "j-2", "j-3"]);
    await stop();
    const delivered: string[] = [];
    expect(await all(await catalogOf(fileIn(), delivered))).toHaveLength(3);
    expect(delivered).toEqual([]);
  });
  it("is refilled when it has another version", async () => {
    write({ id: "j-1", seq: 1 });
    await catalogOf(fileIn());
    await stop();
    const database = new DatabaseSync(fileIn());
    database.exec("PRAGMA user_version = 1");
    database.close();
    const delivered: string[] = [];
    expect(await all(await catalogOf(fileIn(), delivered))).toEqual(["j-1"]);
    expect(delivered).toEqual(["default.j-1"]);
  });
  it("returns its newest log position without reading its rows", async () => {
    write({ id: "j-1", seq: 7 }, { id: "j-2", seq: 5 });
    await catalogOf(fileIn());
    await stop();
    expect(newestInDatabase(fileIn())).toBe(7);
    expect(newestInDatabase(join(folder, "none"))).toBe(0);
  });
  it("starts over when it is damaged", async () => {
    write({ id: "j-1", seq: 1 });
    const file = fileIn();
    writeFileSync(file, "this is no database, but long enough to be taken for one".repeat(100));
    expect(await all(await catalogOf(file))).toEqual(["j-1"]);
  });
  it("belongs to one process at a time", async () => {
    const file = fileIn();
    await catalogOf(file);
    const other = createCatalog({ views: sim.requester("r-2").views.jobs, file });
    await expect(other.start()).rejects.toThrow(/in use by another process/);
  });
});

describe("a label selector", () => {
  const labels = { team: "x", size: "5", "a.b/c": "" };
  it.each([
    ["", true],
    ["team", true],
    ["!team", false],
    ["other", false],
    ["!other", true],
    ["team=x", true],
    ["team==x", true],
    ["team!=x", false],
    ["other!=x", true],
    ["team in (x,y)", true],
    ["team notin (x, y)", false],
    ["other notin (x)", true],
    ["team in (y),size>4", false],
    ["size>4,size<6", true],
    ["size>5", false],
    ["team>4", false],
    ["a.b/c", true],
    ["a.b/c=", true],
    ["toString", false],
    ["team = x , size = 5", true],
  ])("%j holds: %s", (text, holds) => {
    expect(parseSelector(text).every((each) => selects(labels, each))).toBe(holds);
  });
  it.each(["a==b==c", "in (x)", "a in x", "a,=b", "a b", "!"])("%j is refused", (text) => {
    expect(() => parseSelector(text)).toThrow(/not a label requirement/);
  });
  it("is refused when it has too many requirements", () => {
    expect(() => parseSelector(Array.from({ length: 65 }, (_, index) => `a${index}`).join(","))).toThrow(/at most 64/);
    expect(() => parseSelector("a,".repeat(8_000))).toThrow(/at most 64 requirements, got 8000/);
  });
  it("is refused when a requirement has too many values, or no end", () => {
    const values = Array.from({ length: 257 }, (_, index) => `v${index}`).join(",");
    expect(() => parseSelector(`a in (${values})`)).toThrow(/at most 256 values, got 257/);
    expect(() => parseSelector(`a,b in (${values}`)).toThrow(/not a label requirement/);
    expect(() => parseSelector(`${"a in (b),".repeat(64)}${"(".repeat(8_000)}`)).toThrow(/at most 64/);
  });
  it("may have empty requirements and nested spaces", () => {
    expect(parseSelector(" a , ,b in ( x , y ),, ")).toEqual([
      { key: "a", operator: "exists", values: [] },
      { key: "b", operator: "in", values: ["x", "y"] },
    ]);
  });
});
