import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock, type ManualClock } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobQuery } from "./catalog.ts";
import { jobRow } from "./job-row.ts";
import { jobTable } from "./job-table.ts";
import { ListThread, listLimits } from "./list-thread.ts";
import { openDatabase } from "./open-database.ts";

const spec = JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] });
const query = { order: "createTime", reverse: false, limit: 10 } as const satisfies JobQuery;

let folder: string;
let clock: ManualClock;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-lists-"));
  clock = createManualClock();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

function openIndex(count: number) {
  const file = join(folder, "catalog.sqlite");
  const database = openDatabase(file);
  closing.push(() => database.close());
  const table = jobTable(database);
  const write = (from: number, to: number) => {
    const rows = Array.from({ length: to - from }, (_, index) => {
      const job = { ...spec, id: `j-${from + index}`, createTime: index, modifyTime: index };
      return { row: jobRow(job, 1) ?? expect.unreachable(), isInBucket: true };
    });
    table.write({ rows, removed: [], position: undefined });
  };
  write(0, count);
  return { file, write };
}

function threadOn(file: string, heapMebibytes?: number) {
  const thread = new ListThread({ file, clock, ...(heapMebibytes === undefined ? {} : { heapMebibytes }) });
  closing.push(() => thread.close());
  return thread;
}

describe("the thread of the lists", () => {
  it("starts with the first list, sees what was committed before each, and ends when it is idle", async () => {
    const { file, write } = openIndex(3);
    const thread = threadOn(file);
    expect(thread.isRunning).toBe(false);
    expect((await thread.page(query)).count).toBe(3);
    write(3, 5);
    expect((await thread.page(query)).count).toBe(5);
    expect(thread.isRunning).toBe(true);
    await clock.advance(listLimits.idleMs - 1);
    expect(thread.isRunning).toBe(true);
    await clock.advance(1);
    expect(thread.isRunning).toBe(false);
    expect((await thread.page(query)).count).toBe(5);
  });
  it("fails the list that it dies of, and no other", async () => {
    const { file } = openIndex(60_000);
    // Too little for all places of this list at once.
    const thread = threadOn(file, 12);
    const [deadly, next] = [thread.page({ ...query, limit: 1e6 }), thread.page(query)];
    await expect(deadly).rejects.toMatchObject({ code: "NOT_READY" });
    expect((await next).count).toBe(10);
  });
  it("fails a list of an index that cannot be read", async () => {
    const file = join(folder, "damaged.sqlite");
    writeFileSync(file, "this is no database, but long enough to be taken for one".repeat(100));
    const thread = threadOn(file);
    await expect(thread.page(query)).rejects.toMatchObject({ code: "NOT_READY" });
  });
  it("refuses more waiting lists than its limit, and answers all others", async () => {
    const { file } = openIndex(1);
    const thread = threadOn(file);
    // One is being read, the others wait.
    const accepted = Array.from({ length: listLimits.waitingMax + 1 }, () => thread.page(query));
    await expect(thread.page(query)).rejects.toMatchObject({ code: "TOO_MANY" });
    for (const each of accepted) expect((await each).count).toBe(1);
  });
  it("fails lists that take too long, and reads those that come later", async () => {
    const { file } = openIndex(1);
    const thread = threadOn(file);
    // No message of the thread is received before the clock has advanced.
    const late = [thread.page(query), thread.page(query)].map((page) =>
      expect(page).rejects.toMatchObject({ code: "TIMED_OUT" }),
    );
    clock.advance(listLimits.callMs);
    await Promise.all(late);
    expect((await thread.page(query)).count).toBe(1);
  });
  it("fails what waits when it is closed, and everything later", async () => {
    const { file } = openIndex(1);
    const thread = threadOn(file);
    const waiting = [thread.page(query), thread.page(query)].map((page) =>
      expect(page).rejects.toMatchObject({ code: "NOT_READY" }),
    );
    await thread.close();
    await Promise.all(waiting);
    await expect(thread.page(query)).rejects.toMatchObject({ code: "NOT_READY" });
    expect(thread.isRunning).toBe(false);
  });
});
