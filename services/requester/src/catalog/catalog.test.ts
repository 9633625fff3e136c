import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decideJob, foldJob, type Job, jobEntity } from "@shoal/core";
import { createSea, drive, type Sea } from "@shoal/core/testing";
import { commitVersion, JobSpec, type JobState, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Catalog } from "./catalog.ts";
import { inMemory } from "./open-database.ts";
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

let sea: Sea;
let driving: { stop(): void };
let folder: string;
const open: { stop(): Promise<void> }[] = [];

beforeEach(() => {
  sea = createSea({ seed: "catalog" });
  driving = drive(sea.clock);
  folder = mkdtempSync(join(tmpdir(), "shoal-catalog-"));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
  driving.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function catalogOf(file: string = inMemory) {
  const ports = sea.requester("r-1");
  const catalog = createCatalog({ views: ports.views.jobs, file });
  open.push(catalog);
  await catalog.start();
  return catalog;
}

const write = (...samples: readonly Sample[]) => {
  for (const sample of samples)
    sea.views.jobs.write(`${sample.namespace ?? "default"}.${sample.id}`, sample.seq, entry(sample));
};
const remove = (id: string, seq: number) => sea.views.jobs.write(`default.${id}`, seq, undefined);
const all = (catalog: Catalog) =>
  catalog.list({ order: "createTime", reverse: false, limit: 1000 }).items.map(({ id }) => id);

describe("the catalog", () => {
  it("lists a job at once that was submitted here, and what the view says of it later", async () => {
    const catalog = await catalogOf();
    const submitted = submittedAt(5, "j-1");
    catalog.folded(submitted);
    expect(catalog.list({ order: "createTime", reverse: false, limit: 1 }).items).toMatchObject([
      { id: "j-1", state: { stateType: "pending" } },
    ]);
    write({ id: "j-1", seq: 7, state: "completed" });
    await catalog.caughtUp();
    catalog.folded(submitted);
    expect(catalog.list({ order: "createTime", reverse: false, limit: 1 }).items).toMatchObject([
      { id: "j-1", state: { stateType: "completed" } },
    ]);
  });

  it("holds what was in the bucket before it started, and what came since", async () => {
    write({ id: "j-1", seq: 1 });
    const catalog = await catalogOf();
    expect(all(catalog)).toEqual(["j-1"]);
    write({ id: "j-2", seq: 2 });
    await catalog.caughtUp();
    expect(all(catalog)).toEqual(["j-1", "j-2"]);
  });
  it("has caught up with everything that was stored when it was asked", async () => {
    const catalog = await catalogOf();
    for (let round = 1; round <= 20; round++) {
      write({ id: `j-${round}`, seq: round });
      const asked = [catalog.caughtUp(), catalog.caughtUp()];
      await asked[round % 2];
      expect(all(catalog)).toHaveLength(round);
      await Promise.all(asked);
    }
  });
  it("has started once its watch is open, also when everything was passed on before that", async () => {
    const { views } = sea.requester("r-1");
    const opened = Promise.withResolvers<void>();
    const passedOn = Promise.withResolvers<void>();
    const late: typeof views.jobs = {
      ...views.jobs,
      async watch(pattern, { changed, ready }) {
        const watch = await views.jobs.watch(pattern, { changed, ready: () => passedOn.resolve(ready()) });
        await opened.promise;
        return watch;
      },
    };
    const catalog = createCatalog({ views: late, file: inMemory });
    open.push(catalog);
    let started = false;
    const starting = catalog.start().then(() => {
      started = true;
    });
    await passedOn.promise;
    await sea.clock.settle();
    expect(started).toBe(false);
    opened.resolve();
    await starting;
    await catalog.caughtUp();
  });
  it("stores nothing in the bucket to learn whether it has caught up", async () => {
    write({ id: "j-1", seq: 1 });
    const catalog = await catalogOf();
    const written: string[] = [];
    sea.views.jobs.onChanged.add((key) => written.push(key));
    for (let round = 0; round < 5; round++) await Promise.all([catalog.caughtUp(), catalog.caughtUp()]);
    expect(written).toEqual([]);
    expect([...sea.views.jobs.kept.keys()]).toEqual(["default.j-1"]);
  });
  it("names the open jobs of a shard", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2, state: "completed" }, { id: "j-3", seq: 3, state: "queued" });
    const catalog = await catalogOf();
    const openJobs = Array.from({ length: 16 }, (_, shard) =>
      catalog.openJobs(shard).map(({ jobId }) => [jobId, shard]),
    ).flat();
    expect(openJobs.toSorted()).toEqual([
      ["j-1", shardOf("j-1")],
      ["j-3", shardOf("j-3")],
    ]);
    write({ id: "j-1", seq: 4, state: "failed" });
    await catalog.caughtUp();
    expect(catalog.openJobs(shardOf("j-1"))).toEqual([]);
  });
  it("forgets what is removed", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    const catalog = await catalogOf();
    remove("j-1", 3);
    await catalog.caughtUp();
    expect(all(catalog)).toEqual(["j-2"]);
  });
  it("finds ids by their beginning", async () => {
    write({ id: "j-ab1", seq: 1 }, { id: "j-ab2", seq: 2 }, { id: "j-b", seq: 3 });
    const catalog = await catalogOf();
    expect(catalog.idsBeginning("j-ab", 5)).toEqual(["j-ab1", "j-ab2"]);
    expect(catalog.idsBeginning("j-ab", 1)).toEqual(["j-ab1"]);
    expect(catalog.idsBeginning("j-c", 2)).toEqual([]);
    expect(catalog.idsBeginning("j-%", 2)).toEqual([]);
  });
  it.each([false, true])("pages through every job once, reverse: %s", async (reverse) => {
    const ids = Array.from({ length: 25 }, (_, index) => `j-${String(index).padStart(2, "0")}`);
    // Pairs share their time, so that only the id keeps them apart.
    write(...ids.map((id, index) => ({ id, seq: index + 1, at: Math.floor(index / 2) })));
    const catalog = await catalogOf();
    const seen: string[] = [];
    for (let after: { at: number; jobId: string } | undefined, more = true; more; ) {
      const page = catalog.list({ order: "modifyTime", reverse, limit: 4, ...(after === undefined ? {} : { after }) });
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
      more = after !== undefined;
    }
    expect(seen).toEqual(reverse ? ids.toReversed() : ids);
  });
  it("pages through chosen jobs, however rare they are", async () => {
    write(
      ...Array.from({ length: 1200 }, (_, index) => ({
        id: `j-${index}`,
        seq: index + 1,
        labels: index % 400 === 0 ? { rare: "1" } : {},
      })),
    );
    const catalog = await catalogOf();
    const wants = parseSelector("rare=1");
    const first = catalog.list({ order: "createTime", reverse: false, limit: 2, wants });
    expect(first.items.map(({ id }) => id)).toEqual(["j-0", "j-400"]);
    const after = first.next ?? expect.unreachable();
    const second = catalog.list({ order: "createTime", reverse: false, limit: 2, wants, after });
    expect(second).toMatchObject({ items: [{ id: "j-800" }], next: undefined });
  });
});

describe("a catalog in a file", () => {
  it("is there again, without what left the bucket meanwhile", async () => {
    write({ id: "j-1", seq: 1 }, { id: "j-2", seq: 2 });
    const file = join(folder, "catalog.sqlite");
    const first = await catalogOf(file);
    await first.stop();
    open.pop();
    remove("j-1", 3);
    write({ id: "j-3", seq: 4 });
    expect(all(await catalogOf(file))).toEqual(["j-2", "j-3"]);
  });
  it("begins again when it is damaged", async () => {
    write({ id: "j-1", seq: 1 });
    const file = join(folder, "catalog.sqlite");
    writeFileSync(file, "this is no database, but long enough to be taken for one".repeat(100));
    expect(all(await catalogOf(file))).toEqual(["j-1"]);
  });
  it("belongs to one process at a time", async () => {
    const file = join(folder, "catalog.sqlite");
    await catalogOf(file);
    const other = createCatalog({ views: sea.requester("r-2").views.jobs, file });
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
    expect(parseSelector(text)(labels)).toBe(holds);
  });
  it.each(["a==b==c", "in (x)", "a in x", "a,=b", "a b", "!"])("%j is refused", (text) => {
    expect(() => parseSelector(text)).toThrow(/no label requirement/);
  });
  it("is refused when it is endless", () => {
    expect(() => parseSelector(Array.from({ length: 65 }, (_, index) => `a${index}`).join(","))).toThrow(/at most 64/);
  });
});
