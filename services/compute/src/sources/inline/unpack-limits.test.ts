import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { taskRoom } from "../room.ts";
import { type TarPart, tarOf } from "./testing/tar-of.ts";
import { unpack } from "./unpack.ts";

let root = "";
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "shoal-unpack-")));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function unpackAll(parts: readonly TarPart[], limitBytes = 2 ** 40): Promise<number> {
  const folder = join(root, "unpacked");
  await mkdir(folder);
  const room = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  return unpack(gzipSync(tarOf(parts)), { folder, room, signal: new AbortController().signal });
}
const made = async () => (await readdir(root, { recursive: true })).length;
const tooLarge = (why: RegExp) => expect.objectContaining({ code: "TOO_LARGE", why: expect.stringMatching(why) });
const deep = (levels: number) => Array.from({ length: levels }, () => "d").join("/");

describe("the limits of an archive", () => {
  it("count implied parent folders", async () => {
    // 300 names of 60 levels each are 18,000 folders, in an archive of some kilobytes.
    const parts = Array.from({ length: 300 }, (_, n) => ({ name: `${n}/${deep(58)}/f` }));
    await expect(unpackAll(parts)).rejects.toEqual(tooLarge(/creates more than 10000 files and folders/));
    expect(await made()).toBeLessThanOrEqual(10_001);
  });

  it("take 4 KiB for each folder", async () => {
    expect(await unpackAll([{ name: `${deep(10)}/f`, text: "hello" }], 10 * 4_096 + 5)).toBe(10 * 4_096 + 5);
    await rm(join(root, "unpacked"), { recursive: true });
    await expect(unpackAll([{ name: `${deep(10)}/f`, text: "hello" }], 10 * 4_096)).rejects.toEqual(
      tooLarge(/at most 40960 bytes/),
    );
    await rm(join(root, "unpacked"), { recursive: true });
    const folders = Array.from({ length: 100 }, (_, n) => ({ name: `d${n}/`, type: "5" }));
    await expect(unpackAll(folders, 20 * 4_096)).rejects.toEqual(tooLarge(/at most/));
    expect(await made()).toBeLessThanOrEqual(21);
  });

  it("end at 64 levels", async () => {
    await unpackAll([{ name: `${deep(64)}/f`, text: "x" }]);
    await rm(join(root, "unpacked"), { recursive: true });
    await expect(unpackAll([{ name: `${deep(65)}/f`, text: "x" }])).rejects.toEqual(tooLarge(/64 levels/));
    await rm(join(root, "unpacked"), { recursive: true });
    await expect(unpackAll([{ name: deep(65), type: "5" }])).rejects.toEqual(tooLarge(/64 levels/));
  });

  it("limit the headers before an entry", async () => {
    const record = "20 comment=123456789\n";
    const ordinary = { type: "x", text: record };
    await unpackAll([
      { name: "g", type: "g", text: record },
      { name: "x", ...ordinary },
      { name: "f", text: "x" },
    ]);
    await rm(join(root, "unpacked"), { recursive: true });
    const large = { name: "x", type: "x", text: record.repeat(1_000) };
    await expect(unpackAll([large, { name: "f", text: "x" }])).rejects.toEqual(tooLarge(/header of \d+ bytes/));
    await rm(join(root, "unpacked"), { recursive: true });
    const longName = { name: "L", type: "L", text: `${"x".repeat(17_000)}\0` };
    await expect(unpackAll([longName, { name: "f", text: "x" }])).rejects.toEqual(tooLarge(/header of \d+ bytes/));
    await rm(join(root, "unpacked"), { recursive: true });
    const many = Array.from({ length: 1_000 }, () => ({ name: "x", ...ordinary }));
    await expect(unpackAll([...many, { name: "f", text: "x" }])).rejects.toEqual(tooLarge(/headers for one entry/));
  });
});
