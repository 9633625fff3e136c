import { DatabaseSync } from "node:sqlite";
import { selects } from "@shoal/core";
import { JobSpec } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JobQuery, jobOrders } from "./catalog.ts";
import { jobRow } from "./job-row.ts";
import { jobTable, schema } from "./job-table.ts";
import { pageBytes, pageReader, scannedMax } from "./page-reader.ts";
import { parseSelector } from "./selector.ts";

interface Stored {
  readonly id: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createTime: number;
  readonly modifyTime: number;
  readonly name?: string;
}

const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
const entityOf = (job: Stored) => ({
  ...spec,
  ...job,
  state: { stateType: "running", message: "", details: {} },
  version: 1,
  revision: 1,
});

function openIndex() {
  const database = new DatabaseSync(":memory:");
  database.exec(schema);
  const table = jobTable(database);
  return {
    table,
    read: pageReader(database),
    /** Writes jobs at this position of the log. */
    write(jobs: readonly Stored[], seq = 1) {
      const rows = jobs.map((job) => ({ row: jobRow(entityOf(job), seq) ?? expect.unreachable(), isInBucket: true }));
      table.write({ rows, removed: [], position: undefined });
    },
    remove: (id: string) => table.write({ rows: [], removed: [id], position: undefined }),
    labelRows: () => Number(database.prepare("SELECT count(*) AS count FROM labels").get()?.["count"]),
    close: () => database.close(),
  };
}

/** The ids on all pages of a list. */
function allIds(read: ReturnType<typeof pageReader>, query: JobQuery): readonly string[] {
  const ids: string[] = [];
  for (let after = query.after; ; ) {
    const page = read({ ...query, ...(after === undefined ? {} : { after }) });
    ids.push(...JSON.parse(`[${Buffer.from(page.json)}]`).map(({ ID }: { ID: string }) => ID));
    after = page.next;
    if (after === undefined) return ids;
  }
}

const numbered = (count: number, of: (index: number) => Partial<Stored> = () => ({})): readonly Stored[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ id: `j-${String(index).padStart(6, "0")}`, namespace: "default", labels: {} },
    ...{ createTime: index, modifyTime: count - index },
    ...of(index),
  }));

const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, "x"]));
// Few of them, so that jobs and selectors meet often.
const key = fc.constantFrom("a", "b");
const word = fc.constantFrom("x", "y", "7");
const labels = fc.oneof(
  fc.dictionary(key, word, { maxKeys: 4, noNullPrototype: true }),
  // More labels, and longer ones, than the index holds; and keys that look like a term.
  fc.dictionary(key, word, { maxKeys: 2, noNullPrototype: true }).map((some) => ({ ...many, ...some })),
  key.map((name) => ({ [name]: "v".repeat(300) })),
  fc.tuple(key, word, word).map(([name, value, other]) => ({ [name]: value, [`${name}=${other}`]: other, "": "" })),
);
const requirement = fc
  .tuple(key, word, word, fc.constantFrom("=", "!=", "in", "in", "notin", "exists", "!", ">", `=${"v".repeat(300)}`))
  .map(([name, value, other, form]) => {
    if (form === "in" || form === "notin") return `${name} ${form} (${value},${other})`;
    if (form === "exists") return name;
    if (form === "!") return `!${name}`;
    if (form === ">") return `${name}>5`;
    return form.length > 2 ? `${name}${form}` : `${name}${form}${value}`;
  });
const jobs = fc.array(
  fc.record({ labels, namespace: fc.constantFrom("blue", "red"), createTime: fc.nat(3), modifyTime: fc.nat(3) }),
  { maxLength: 30 },
);
const query = fc.record(
  {
    order: fc.constantFrom(...jobOrders),
    reverse: fc.boolean(),
    limit: fc.integer({ min: 1, max: 5 }),
    namespace: fc.constantFrom("blue", "red"),
    labels: fc.array(requirement, { maxLength: 3 }).map((each) => parseSelector(each.join(","))),
  },
  { requiredKeys: ["order", "reverse", "limit"] },
);

describe("the pages of a list", () => {
  it("have the jobs that a search of all of them finds, in order, also after changes", () => {
    fc.assert(
      fc.property(jobs, jobs, query, (first, second, how) => {
        const index = openIndex();
        const idOf = (number: number) => `j-${number}`;
        index.write(first.map((job, number) => ({ ...job, id: idOf(number) })));
        // Changes some, removes one and adds others.
        index.write(
          second.map((job, number) => ({ ...job, id: idOf(number * 2) })),
          2,
        );
        index.remove(idOf(4));
        const stored = new Map<string, Stored>();
        for (const [number, job] of first.entries()) stored.set(idOf(number), { ...job, id: idOf(number) });
        for (const [number, job] of second.entries()) stored.set(idOf(number * 2), { ...job, id: idOf(number * 2) });
        stored.delete(idOf(4));
        const { order, reverse, namespace, labels: requirements = [] } = how;
        const expected = [...stored.values()]
          .filter((job) => namespace === undefined || job.namespace === namespace)
          .filter((job) => requirements.every((each) => selects(job.labels, each)))
          .sort((a, b) => a[order] - b[order] || (a.id < b.id ? -1 : 1))
          .map(({ id }) => id);
        expect(allIds(index.read, how)).toEqual(reverse ? expected.toReversed() : expected);
        index.close();
      }),
      { numRuns: 500 },
    );
  });
  it("find rare labels without scanning the jobs without them", () => {
    const index = openIndex();
    // More jobs than one call scans.
    const rare = (at: number) => (at % 3_000 === 2_999 ? { rare: "1", team: "x" } : { team: "x" });
    index.write(numbered(2 * scannedMax, (at) => ({ labels: rare(at), namespace: at % 1_000 === 0 ? "tiny" : "big" })));
    const page = (selector: string, namespace?: string) =>
      index.read({
        ...{ order: "modifyTime", reverse: false, limit: 100, labels: parseSelector(selector) },
        ...(namespace === undefined ? {} : { namespace }),
      });
    for (const selector of ["rare=1", "rare", "rare in (1,2)", "rare>0", "team=x,rare=1,team!=y"])
      expect(page(selector), selector).toMatchObject({ count: 3, next: undefined });
    expect(page("absent=1")).toMatchObject({ count: 0, next: undefined });
    expect(page("team=x", "tiny")).toMatchObject({ count: 10, next: undefined });
    index.close();
  });
  it("find the jobs with a key of more values than are merged", () => {
    const index = openIndex();
    index.write(numbered(300, (at) => ({ labels: at % 3 === 0 ? { ticket: `t${at}` } : {} })));
    const labels = parseSelector("ticket");
    expect(allIds(index.read, { order: "createTime", reverse: true, limit: 7, labels })).toHaveLength(100);
    index.close();
  });
  it("end after a number of scanned jobs, where the next one begins", () => {
    const index = openIndex();
    index.write(numbered(scannedMax + 2_000, () => ({ labels: { team: "x" } })));
    const labels = parseSelector("team!=x");
    const first = index.read({ order: "createTime", reverse: false, limit: 10, labels });
    expect(first).toMatchObject({ count: 0, next: { at: expect.any(Number) } });
    expect(first.next?.at).toBeLessThan(scannedMax + 500);
    index.close();
  });
  it("end after a number of bytes, with one job at least", () => {
    const index = openIndex();
    const large = "n".repeat(pageBytes / 4);
    index.write(numbered(12, (at) => ({ name: at === 11 ? large.repeat(5) : large })));
    const sizes: number[] = [];
    for (let after: JobQuery["after"], more = true; more; ) {
      const page = index.read({ order: "createTime", reverse: false, limit: 1000, ...(after && { after }) });
      sizes.push(page.count);
      after = page.next;
      more = after !== undefined;
    }
    expect(sizes).toEqual([4, 4, 4]);
    index.close();
  });
  it("leave nothing of a removed job in the index of labels", () => {
    const index = openIndex();
    index.write(numbered(3, () => ({ labels: { team: "x" } })));
    expect(index.labelRows()).toBe(3);
    index.write(
      numbered(3, () => ({ labels: {}, createTime: 9 })),
      2,
    );
    expect(index.labelRows()).toBe(0);
    index.write(
      numbered(3, (at) => ({ labels: { team: "y" }, createTime: at + 1 })),
      3,
    );
    for (const { id } of numbered(3)) index.remove(id);
    expect(index.labelRows()).toBe(0);
    index.close();
  });
});
