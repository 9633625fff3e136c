import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CandidateSource, candidatesQuery } from "./candidates-query.ts";
import { jobOrders } from "./catalog.ts";
import { schema } from "./job-table.ts";
import { pageStatements } from "./page-reader.ts";

let database: DatabaseSync;
beforeEach(() => {
  database = new DatabaseSync(":memory:");
  database.exec(schema);
});
afterEach(() => database.close());

const planOf = (sql: string, values: readonly (string | number)[]): readonly string[] =>
  database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => String(detail));

const sources: readonly (readonly [string, CandidateSource])[] = [
  ["all jobs", { namespace: undefined }],
  ["a namespace", { namespace: "default" }],
  ["one term", { terms: ["team=x"] }],
  ["several terms", { terms: ["", "team=x", "team=y"] }],
];
const ranges = sources.flatMap(([name, source]) =>
  jobOrders.flatMap((order) =>
    [false, true].flatMap((reverse) =>
      [undefined, { at: 5, jobId: "j-1" }].map((after) => ({ name, source, order, reverse, after })),
    ),
  ),
);

describe("the search of a list", () => {
  it.each(ranges)("of $name by $order, reverse $reverse, after $after, reads an index alone, in its order", (range) => {
    const { sql, values } = candidatesQuery(range.source, { ...range, most: 10 });
    const plan = planOf(sql, values as (string | number)[]);
    const reads = plan.filter((step) => /SEARCH|SCAN/.test(step));
    expect(reads.length).toBeGreaterThan(0);
    for (const step of reads) expect(step).toMatch(/USING (COVERING INDEX|PRIMARY KEY)/);
    // Only the list of everything from its beginning reads an index without a condition.
    const isWhole = range.after === undefined && range.name === "all jobs";
    expect(reads.some((step) => step.startsWith("SCAN"))).toBe(isWhole);
    expect(plan.join("\n")).not.toContain("TEMP B-TREE");
  });
  it.each(Object.entries(pageStatements))("reads with %s what it looks up, and no more", (_, sql) => {
    const plan = planOf(
      sql,
      sql
        .split("?")
        .slice(1)
        .map(() => "1"),
    );
    const reads = plan.filter((step) => /SEARCH|SCAN/.test(step) && !/json_each|subquery/.test(step));
    expect(reads).toEqual([
      expect.stringMatching(/^SEARCH \w+ USING (COVERING INDEX|INTEGER PRIMARY KEY|PRIMARY KEY)/),
    ]);
  });
});
