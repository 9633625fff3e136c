import { execFile } from "node:child_process";
import { link, mkdir, mkdtemp, open, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpack } from "../testing/unpack.ts";
import { archive, openResult } from "./archive.ts";

const run = promisify(execFile);
const limitBytes = 10_000_000;
const signal = new AbortController().signal;

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-archive-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function packed(limit = limitBytes): Promise<ReadonlyMap<string, string>> {
  const pieces: Buffer[] = [];
  for await (const piece of archive(root, { limitBytes: limit, signal })) pieces.push(piece);
  return unpack(Buffer.concat(pieces));
}
const tooLarge = (why: RegExp) =>
  expect.objectContaining({ code: "RESULTS_TOO_LARGE", why: expect.stringMatching(why), retry: false });

/** After this number of turns of the event loop. */
function afterTurns(turns: number, act: () => void): void {
  if (turns === 0) act();
  else setImmediate(() => afterTurns(turns - 1, act));
}

describe("the archive of a folder", () => {
  it("refuses a sparse file of 1 TB before it reads a byte of it", async () => {
    const file = await open(join(root, "holes"), "w");
    await file.truncate(1_000_000_000_000);
    await file.close();
    await expect(packed(10 * 1024 ** 3)).rejects.toEqual(tooLarge(/at least 1000000000512 bytes.*sparse/));
  });

  it("counts all files together, with the overhead of each entry", async () => {
    for (const name of ["a", "b"]) await writeFile(join(root, name), "x".repeat(1_000));
    expect([...(await packed(3_024)).keys()]).toEqual(["a", "b"]);
    await expect(packed(3_023)).rejects.toEqual(tooLarge(/at least 3024 bytes, this node publishes at most 3023/));
  });

  it("omits pipes, sockets and links that lead out, and waits for none of them", async () => {
    await run("mkfifo", [join(root, "pipe")]);
    const server = createServer().listen(join(root, "socket"));
    await symlink("/etc/passwd", join(root, "out"));
    await symlink("made", join(root, "in"));
    await writeFile(join(root, "made"), "made");
    await link(join(root, "made"), join(root, "same"));
    try {
      expect(Object.fromEntries(await packed())).toEqual({ in: "-> made", made: "made", same: "made" });
    } finally {
      server.close();
    }
  });

  it.skipIf(process.getuid?.() !== 0)("omits devices (needs root to create one)", async () => {
    await run("mknod", [join(root, "zero"), "c", "1", "5"]);
    await writeFile(join(root, "made"), "made");
    expect([...(await packed()).keys()]).toEqual(["made"]);
  });

  it("waits for no pipe and follows no link that has replaced a file", async () => {
    await run("mkfifo", [join(root, "pipe")]);
    await symlink("pipe", join(root, "link"));
    const changed = expect.objectContaining({ code: "PUBLISH_FAILED" });
    await expect(openResult(Buffer.from(join(root, "pipe")))).rejects.toEqual(changed);
    await expect(openResult(Buffer.from(join(root, "link")))).rejects.toThrow(/ELOOP/);
  });

  it("keeps long, unusual and non-UTF-8 names", async () => {
    const names = [
      "ü".repeat(127),
      "x".repeat(255),
      "with\nline",
      "\u001b[2J",
      "\u202egnp.exe",
      "back\\slash",
      " ",
      "-rf",
      "a=b",
    ];
    for (const name of names) await writeFile(join(root, name), name);
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9)]), "latin1");
    const files = await packed();
    for (const name of names) expect(files.get(name)).toBe(name);
    expect(files.get("caf%E9")).toBe("latin1");
    expect(files.size).toBe(names.length + 1);
  });

  it("packs thousands of files, and refuses too many levels", async () => {
    await mkdir(join(root, "many"));
    for (let n = 0; n < 3_000; n++) await writeFile(join(root, "many", `${n}`), "");
    expect((await packed()).size).toBe(3_000);
    await mkdir(join(root, ...Array.from({ length: 65 }, () => "d")), { recursive: true });
    await expect(packed()).rejects.toMatchObject({ code: "OUTPUT_TOO_LARGE", why: expect.stringMatching(/64 levels/) });
  });

  // A failure without a listener ends the process; here it fails the run, as an unhandled error.
  it("has no unhandled error when its reader fails", async () => {
    for (const name of ["a", "b", "c"]) await writeFile(join(root, name), "x".repeat(100_000));
    for (let turns = 0; turns < 12; turns++) {
      const full = new Writable({
        write: (_chunk, _encoding, done) => afterTurns(turns, () => done(new Error("ENOSPC: no space left"))),
      });
      await expect(pipeline(archive(root, { limitBytes, signal }), full)).rejects.toThrow(/ENOSPC/);
    }
    // Pending events of the streams arrive within these turns.
    await new Promise<void>((resolve) => afterTurns(100, resolve));
  });

  it("ends when its signal fires", async () => {
    await writeFile(join(root, "made"), "made");
    const stream = archive(root, { limitBytes, signal: AbortSignal.abort() });
    await expect(stream.toArray()).rejects.toThrow();
    expect(await readdir(root)).toEqual(["made"]);
  });
});
