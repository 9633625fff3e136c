import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUnpublishedResults } from "./unpublished-results.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-kept-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const hourMs = 3_600_000;
const open = (clock = createManualClock(Date.now()), keepBytes = 250) =>
  createUnpublishedResults({ folder: join(root, "kept"), keepMs: hourMs, keepBytes, clock, logger: silentLogger });

async function results(executionId: string): Promise<string> {
  const folder = join(root, executionId, "results");
  await mkdir(join(folder, "made"), { recursive: true });
  await writeFile(join(folder, "made", "file"), "x".repeat(100));
  return folder;
}
const names = () => readdir(join(root, "kept"));

describe("results that could not be published", () => {
  it("are moved out of the workspace, and removed after their time", async () => {
    // A file system's clock is some milliseconds behind: a second makes the comparison with it safe.
    const clock = createManualClock(Date.now() - 1_000);
    const unpublished = open(clock);
    await unpublished.start();
    const { path = "", untilAt = 0 } = (await unpublished.keep("e-1", await results("e-1"))) ?? {};
    expect(await readFile(join(path, "made", "file"), "utf8")).toHaveLength(100);
    expect(await readdir(join(root, "e-1"))).toEqual([]);
    expect(untilAt).toBeGreaterThanOrEqual(clock.now() + hourMs);
    expect(untilAt).toBeLessThanOrEqual(Date.now() + hourMs);
    await clock.advanceTo(clock.now() + hourMs / 2);
    expect(await names()).toEqual(["e-1"]);
    await expect
      .poll(async () => {
        await clock.advance(hourMs / 4);
        return await names();
      })
      .toEqual([]);
    await unpublished.stop();
  });

  it("are found again by the process after one that died before its report", async () => {
    const folder = await results("e-1");
    const first = await open().keep("e-1", folder);
    expect(await open().keep("e-1", folder)).toEqual(first);
  });

  it("are none when there is no folder", async () => {
    expect(await open().keep("e-1", join(root, "absent"))).toBeUndefined();
  });

  it("take limited space: the oldest are removed, never the newest", async () => {
    for (const id of ["e-1", "e-2", "e-3"]) await open().keep(id, await results(id));
    expect((await names()).sort()).toEqual(["e-2", "e-3"]);
    await open(undefined, 10).keep("e-4", await results("e-4"));
    expect(await names()).toEqual(["e-4"]);
  });

  it("of an earlier process are removed by the next one", async () => {
    await open().keep("e-1", await results("e-1"));
    const next = open(createManualClock(Date.now() + 2 * hourMs));
    await next.start();
    expect(await names()).toEqual([]);
    await next.stop();
  });
});
