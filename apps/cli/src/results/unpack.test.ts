import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allowanceOf } from "./allowance.ts";
import { unpack } from "./unpack.ts";

const allowanceOfBytes = (maxBytes: number) => allowanceOf({ maxBytes, yes: false, ask: undefined });
const allowance = allowanceOfBytes(2 ** 40);

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
  it("merges the results of several executions without loss", async () => {
    await mkdir(into);
    await unpack(await execution(1), { into, label: "e-1", allowance });
    const second = await unpack(await execution(2), { into, label: "e-2", allowance });
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

  it("keeps the permission to execute a file and no special bits", async () => {
    await unpack(await execution(1), { into, label: "e-1", allowance });
    expect((await stat(join(into, "counts", "part-1.json"))).mode & 0o7777).toBe(0o755 & ~process.umask());
  });

  it.each(["../outside", "a/../../outside", "/outside", "a\\..\\outside"])("refuses the path %s", async (name) => {
    const hostile = await archive((tar) => tar.entry({ name }, "gotcha"));
    await expect(unpack(hostile, { into, label: "e-1", allowance })).rejects.toThrow(/leads out of its folder/);
    expect(existsSync(join(root, "outside"))).toBe(false);
  });

  it("creates no links, so that nothing can be written through them", async () => {
    const hostile = await archive((tar) => {
      tar.entry({ name: "way", type: "symlink", linkname: root });
      tar.entry({ name: "way/outside" }, "gotcha");
      tar.entry({ name: "hard", type: "link", linkname: "/etc/passwd" });
    });
    const { remarks } = await unpack(hostile, { into, label: "e-1", allowance });
    expect(remarks).toHaveLength(2);
    expect(existsSync(join(root, "outside"))).toBe(false);
    expect((await stat(join(into, "way"))).isDirectory()).toBe(true);
  });

  const deep = (levels: number) => "d/".repeat(levels);
  it("counts folders without an entry in the archive, with 4 KiB each", async () => {
    const some = await archive((tar) => tar.entry({ name: `${deep(10)}f` }, "x"));
    const small = allowanceOfBytes(10 * 4_096);
    await expect(unpack(some, { into, label: "e-1", allowance: small })).rejects.toThrow(/more than .* when/);
    const bomb = await archive((tar) => {
      for (let n = 0; n < 2_000; n++) tar.entry({ name: `${n}/${deep(60)}f` }, "");
    });
    await expect(unpack(bomb, { into, label: "e-1", allowance: allowanceOfBytes(20 * 2 ** 20) })).rejects.toThrow(
      /more than 20 MiB/,
    );
  });

  it("accepts 64 levels of folders, and no more", async () => {
    const fine = await archive((tar) => tar.entry({ name: `${deep(64)}f` }, "x"));
    expect((await unpack(fine, { into, label: "e-1", allowance })).files).toBe(1);
    const deeper = await archive((tar) => tar.entry({ name: `${deep(65)}f` }, "x"));
    await expect(unpack(deeper, { into, label: "e-1", allowance })).rejects.toThrow(/64 levels/);
  });

  it("limits the headers of an entry", async () => {
    const large = await archive((tar) => tar.entry({ name: "f", pax: { comment: "x".repeat(20_000) } }, "x"));
    await expect(unpack(large, { into, label: "e-1", allowance })).rejects.toThrow(/header of \d+ bytes/);
  });

  it.runIf(sep === "/")("keeps every name that the system allows", async () => {
    const names = ["back\\slash", "with\nline", "\u202egnp.exe", "x".repeat(255)];
    const odd = await archive((tar) => {
      for (const name of names) tar.entry({ name }, "x");
    });
    await unpack(odd, { into, label: "e-1", allowance });
    expect((await readdir(into)).sort()).toEqual(names.sort());
  });

  it.each([
    ["no gzip", Buffer.from("hello")],
    ["cut off", gzipSync(Buffer.alloc(10_000, 1)).subarray(0, 20)],
  ])("refuses an archive that is %s", async (_, bytes) => {
    await expect(unpack(Readable.from([bytes]), { into, label: "e-1", allowance })).rejects.toThrow(
      /cannot be unpacked/,
    );
  });
});
