import { lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Fault } from "@shoal/core";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { taskRoom } from "../room.ts";
import { type TarPart, tarOf } from "./testing/tar-of.ts";
import { unpack } from "./unpack.ts";

// Fixed seed: a failure is reproducible. A few hundred cases take some seconds.
const cases = { seed: 6, numRuns: 300 } as const;
// Small, so that random archives reach it: two folders and a little more.
const limitBytes = 10_000;

let root = "";
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "shoal-fuzz-")));
  await writeFile(join(root, "beside"), "as it was");
});
afterEach(() => rm(root, { recursive: true, force: true }));

// Few names, so that entries collide: links in the path of others, files in place of folders.
const step = fc.constantFrom("a", "b", "l", ".", "..", "", "\u202e", "\u001b[2J", "x".repeat(120), "beside");
const path = fc.oneof(
  { weight: 6, arbitrary: fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.join("/")) },
  fc.constantFrom("/etc/shadow", "/", "../beside", "d/".repeat(70), "a\\..\\b"),
);
const pax = fc
  .tuple(
    fc.constantFrom("path", "linkpath", "size", "__proto__", "GNU.sparse.size"),
    fc.oneof(path, fc.constantFrom("-1", "9e99", "1")),
  )
  .map(([key, value]) => {
    const length = ` ${key}=${value}\n`.length;
    return `${length + String(length + 2).length} ${key}=${value}\n`;
  });
const part: fc.Arbitrary<TarPart> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      {
        name: path,
        type: fc.constantFrom("0", "0", "0", "5", "5", "2", "2", "1", "7", "3", "4", "6", "S", "\0"),
        linkname: path,
        text: fc.string({ maxLength: 700 }),
        size: fc.oneof(fc.nat(2_000), fc.constantFrom(2 ** 33, 8 ** 11 - 1)),
      },
      { requiredKeys: ["name"] },
    ),
  },
  fc.record({ name: fc.constant("x"), type: fc.constantFrom("x", "g", "L", "K"), text: fc.oneof(pax, path) }),
);
const damage = fc.option(fc.record({ at: fc.nat(6_000), byte: fc.nat(255), cut: fc.boolean() }), { freq: 3 });

function archiveOf(parts: readonly TarPart[], harm: { at: number; byte: number; cut: boolean } | null): Buffer {
  const tar = tarOf(parts);
  if (harm !== null) {
    const at = harm.at % tar.length;
    if (harm.cut) return gzipSync(tar.subarray(0, at));
    tar[at] = harm.byte;
  }
  return gzipSync(tar);
}

it("results in files in its folder and within its limits, or in a Fault, for any archive", async () => {
  const ends = new Map<string, number>();
  let serial = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 8 }), damage, async (parts, harm) => {
      serial += 1;
      const folder = join(root, `case-${serial}`);
      await mkdir(folder);
      const room = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
      const signal = new AbortController().signal;
      const end = await unpack(archiveOf(parts, harm), { folder, room, signal }).then(
        () => "unpacked",
        (failure: unknown) => (failure instanceof Fault ? failure.code : Promise.reject(failure)),
      );
      ends.set(end, (ends.get(end) ?? 0) + 1);
      await expectInside(folder);
      await rm(folder, { recursive: true });
    }),
    cases,
  );
  expect(await readdir(root)).toEqual(["beside"]);
  expect(await readFile(join(root, "beside"), "utf8")).toBe("as it was");
  // The cases cover every outcome.
  expect([...ends.keys()].sort()).toEqual(["INPUT_UNAVAILABLE", "TOO_LARGE", "unpacked"]);
});

/** The content is within the limits, and no link leads out. */
async function expectInside(folder: string): Promise<void> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    const at = join(folder, name);
    const there = await lstat(at);
    if (there.isDirectory()) bytes += 4_096;
    else if (there.isFile()) bytes += there.size / there.nlink;
    else {
      expect(there.isSymbolicLink()).toBe(true);
      const target = await realpath(at).catch(() => folder);
      expect(target === folder || target.startsWith(`${folder}/`)).toBe(true);
    }
  }
  expect(Math.floor(bytes)).toBeLessThanOrEqual(limitBytes);
}
