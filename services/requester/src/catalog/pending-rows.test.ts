import { expect, it } from "vitest";
import { jobTable } from "./job-table.ts";
import { inMemory, openDatabase } from "./open-database.ts";
import { pendingRows } from "./pending-rows.ts";

const entityOf = (id: string, state: string) => ({
  ...{ id, state, namespace: "default", labels: {} },
  ...{ createTime: 1, modifyTime: 1 },
});

/** Rows that wait for an empty table, and how often each was rendered. */
function waiting() {
  const rows = pendingRows();
  const rendered: string[] = [];
  const table = jobTable(openDatabase(inMemory));
  const put = (id: string, seq: number, isInBucket: boolean) =>
    rows.put(id, {
      seq,
      isInBucket,
      entity() {
        rendered.push(`${id} at ${seq}`);
        return entityOf(id, `at ${seq}`);
      },
    });
  return { rows, rendered, table, put };
}

const manyIds = Array.from({ length: 64 }, (_, index) => `j-${index}`);

it("writes delivered changes in batches, and renders no state that a later one has replaced", () => {
  const { rows, rendered, table, put } = waiting();
  for (const id of [...manyIds, "j-own"]) put(id, 1, false);
  rows.writeBatch(table);
  expect(table.find("j-0")).toBeUndefined();
  for (const id of manyIds) put(id, 2, true);
  rows.writeBatch(table);
  expect(table.find("j-0")?.seq).toBe(2);
  expect(table.inBucket()).toBe(manyIds.length);
  expect(table.find("j-own")).toBeUndefined();
  expect(rendered).toEqual(manyIds.map((id) => `${id} at 2`));
});

it("knows the position of a pending job, and writes and renders nothing for it", () => {
  const { rows, rendered, table, put } = waiting();
  put("j-1", 3, false);
  put("j-gone", 1, true);
  rows.remove("j-gone");
  expect(["j-1", "j-gone", "j-other"].map((id) => rows.seqOf(id))).toEqual([3, 0, undefined]);
  expect(table.find("j-1")).toBeUndefined();
  expect(rendered).toEqual([]);
  rows.writeTo(table);
  expect(rows.seqOf("j-1")).toBeUndefined();
});

it("writes the rest for a read", () => {
  const { rows, table, put } = waiting();
  put("j-own", 1, false);
  rows.writeTo(table);
  expect(table.find("j-own")?.seq).toBe(1);
});

it("writes all of it when the bucket is far behind", () => {
  const { rows, table, put } = waiting();
  const ids = Array.from({ length: 1_024 }, (_, index) => `j-${index}`);
  for (const id of ids.slice(1)) put(id, 1, false);
  rows.writeBatch(table);
  expect(table.find("j-1")).toBeUndefined();
  put("j-0", 1, false);
  rows.writeBatch(table);
  expect(table.find("j-1")?.seq).toBe(1);
});

it("no longer counts a job that leaves the bucket as delivered", () => {
  const { rows, table, put } = waiting();
  for (const id of manyIds) put(id, 1, true);
  rows.remove("j-1");
  put("j-1", 2, false);
  rows.writeBatch(table);
  expect(table.find("j-2")).toBeUndefined();
  put("j-1", 3, true);
  rows.writeBatch(table);
  expect(table.find("j-1")?.seq).toBe(3);
});
