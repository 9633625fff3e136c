import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TarUnpacking, unpackTar } from "./unpack-tar.ts";

let root = "";
let folder = "";
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "shoal-tar-")));
  folder = join(root, "unpacked");
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Unpacks an archive without a limit, and refuses entries that it would omit; `changes` override this. */
async function unpacked(fill: (tar: Pack) => void, changes: Partial<TarUnpacking> = {}) {
  const tar = pack();
  fill(tar);
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of Readable.from(tar)) pieces.push(piece);
  return unpackTar(Readable.from([gzipSync(Buffer.concat(pieces))]), {
    folder,
    entriesMax: 100,
    budget: { streamed: () => undefined, made: () => undefined },
    place: ({ path, mode }) => ({ path, flags: "wx", mode: mode & 0o777 }),
    links: "make",
    onLeftOut: ({ type }) => expect.unreachable(type),
    ...changes,
  });
}
const refused = (reason: "too large" | "unusable", message: RegExp) =>
  expect.objectContaining({ name: "TarRefusal", reason, message: expect.stringMatching(message) });

describe("an archive", () => {
  it("becomes files, folders and links inside its folder, counted with 4 KiB for each folder", async () => {
    const sum = await unpacked((tar) => {
      tar.entry({ name: "./a/b/file", mode: 0o640 }, "hello");
      tar.entry({ name: "a/up", type: "symlink", linkname: "../a/b/file" });
      tar.entry({ name: "same", type: "link", linkname: "a/b/file" });
    });
    expect(sum).toEqual({ files: 3, bytes: 5 + 2 * 4_096 });
    expect(await readFile(join(folder, "same"), "utf8")).toBe("hello");
    expect(await readlink(join(folder, "a/up"))).toBe("../a/b/file");
    expect((await stat(join(folder, "a/b/file"))).mode & 0o777).toBe(0o640);
  });

  it.each(["../out", "a/../../out", "/out", "a\\..\\out", ""])("is refused for the name %j", async (name) => {
    await expect(unpacked((tar) => tar.entry({ name }, "x"))).rejects.toEqual(refused("unusable", /leads out/));
    expect(await readdir(root)).toEqual(["unpacked"]);
  });

  it("is refused when a link leads out, or an entry goes through one", async () => {
    const out = unpacked((tar) => tar.entry({ name: "way", type: "symlink", linkname: ".." }));
    await expect(out).rejects.toEqual(refused("unusable", /leads out/));
    const through = unpacked((tar) => {
      tar.entry({ name: "d/", type: "directory" });
      tar.entry({ name: "way", type: "symlink", linkname: "d" });
      tar.entry({ name: "way/file" }, "x");
    });
    await expect(through).rejects.toEqual(refused("unusable", /through its own link/));
  });

  it("overwrites no existing file", async () => {
    await writeFile(join(folder, "there"), "as it was");
    await expect(unpacked((tar) => tar.entry({ name: "there" }, "x"))).rejects.toThrow("EEXIST");
    expect(await readFile(join(folder, "there"), "utf8")).toBe("as it was");
  });

  it("is limited in its entries, and in the files that they create", async () => {
    const names = (count: number) => (tar: Pack) => {
      for (let n = 0; n < count; n++) tar.entry({ name: "d/", type: "directory" });
    };
    await unpacked(names(10), { entriesMax: 10 });
    await expect(unpacked(names(11), { entriesMax: 10 })).rejects.toEqual(refused("too large", /10 entries/));
    const deep = unpacked((tar) => tar.entry({ name: `${"e/".repeat(10)}f` }, "x"), { entriesMax: 10 });
    await expect(deep).rejects.toEqual(refused("too large", /10 files and folders/));
  });

  it("is limited in the headers before an entry", async () => {
    const large = unpacked((tar) => tar.entry({ name: "f", pax: { comment: "x".repeat(20_000) } }, "x"));
    await expect(large).rejects.toEqual(refused("too large", /header of \d+ bytes/));
  });

  it("ends with the error of its budget, before it creates anything", async () => {
    const made = () => Promise.reject(new Error("no more"));
    const budget = { streamed: () => undefined, made };
    await expect(unpacked((tar) => tar.entry({ name: "d/f" }, "x"), { budget })).rejects.toThrow("no more");
    const first = { streamed: () => Promise.reject(new Error("no byte")), made: () => undefined };
    await expect(unpacked((tar) => tar.entry({ name: "f" }, "x"), { budget: first })).rejects.toThrow("no byte");
    expect(await readdir(folder)).toEqual([]);
  });

  it("omits links on request, and reports what it omits", async () => {
    const left: string[] = [];
    await unpacked(
      (tar) => {
        tar.entry({ name: "way", type: "symlink", linkname: root });
        tar.entry({ name: "way/file" }, "x");
        tar.entry({ name: "pipe", type: "fifo" });
      },
      { links: "leave out", onLeftOut: ({ name, type }) => void left.push(`${type} ${name}`) },
    );
    expect(left).toEqual(["symlink way", "fifo pipe"]);
    expect(existsSync(join(root, "file"))).toBe(false);
  });

  it("writes a single file to the given path", async () => {
    await writeFile(join(folder, "log"), "one ");
    const place: TarUnpacking["place"] = ({ path, mode }) => ({ path, flags: "a", mode });
    await unpacked((tar) => tar.entry({ name: "log" }, "two"), { place });
    expect(await readFile(join(folder, "log"), "utf8")).toBe("one two");
  });
});
