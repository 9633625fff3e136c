import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpack } from "./unpack.ts";

let root = "";
let into = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-unpack-"));
  into = join(root, "result");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function archive(fill: (tar: Pack) => void): Promise<Readable> {
  const tar = pack();
  fill(tar);
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of Readable.from(tar)) pieces.push(piece);
  return Readable.from([gzipSync(Buffer.concat(pieces))]);
}

const text = (...path: string[]): Promise<string> => readFile(join(into, ...path), "utf8");

const execution = (number: number) =>
  archive((tar) => {
    tar.entry({ name: "stdout" }, `out ${number}\n`);
    tar.entry({ name: "exitCode" }, "0");
    tar.entry({ name: "counts/", type: "directory" });
    tar.entry({ name: `counts/part-${number}.json`, mode: 0o4755 }, `{"n":${number}}`);
    tar.entry({ name: "counts/same.txt" }, `from ${number}`);
  });

describe("unpacking", () => {
  it("merges what several executions wrote, and loses none of it", async () => {
    await mkdir(into);
    await unpack(await execution(1), { into, label: "e-1" });
    const second = await unpack(await execution(2), { into, label: "e-2" });
    expect(await text("stdout")).toBe("out 1\nout 2\n");
    expect(await text("exitCode")).toBe("00");
    expect((await readdir(join(into, "counts"))).sort()).toEqual([
      "part-1.json",
      "part-2.json",
      "same.txt",
      "same.txt.e-2",
    ]);
    expect(await text("counts", "same.txt.e-2")).toBe("from 2");
    expect(second.remarks).toHaveLength(1);
  });

  it("keeps the right to run a file and no special bits", async () => {
    await unpack(await execution(1), { into, label: "e-1" });
    expect((await stat(join(into, "counts", "part-1.json"))).mode & 0o7777).toBe(0o755 & ~process.umask());
  });

  it.each(["../outside", "a/../../outside", "/outside", "a\\..\\outside"])("refuses the path %s", async (name) => {
    const hostile = await archive((tar) => tar.entry({ name }, "gotcha"));
    await expect(unpack(hostile, { into, label: "e-1" })).rejects.toThrow(/leaves its folder/);
    expect(existsSync(join(root, "outside"))).toBe(false);
  });

  it("makes no links, so that nothing can be written through them", async () => {
    const hostile = await archive((tar) => {
      tar.entry({ name: "way", type: "symlink", linkname: root });
      tar.entry({ name: "way/outside" }, "gotcha");
      tar.entry({ name: "hard", type: "link", linkname: "/etc/passwd" });
    });
    const { remarks } = await unpack(hostile, { into, label: "e-1" });
    expect(remarks).toHaveLength(2);
    expect(existsSync(join(root, "outside"))).toBe(false);
    expect((await stat(join(into, "way"))).isDirectory()).toBe(true);
  });

  it.each([
    ["no gzip", Buffer.from("hello")],
    ["cut off", gzipSync(Buffer.alloc(10_000, 1)).subarray(0, 20)],
  ])("refuses an archive that is %s", async (_, bytes) => {
    await expect(unpack(Readable.from([bytes]), { into, label: "e-1" })).rejects.toThrow(/cannot be unpacked/);
  });
});
