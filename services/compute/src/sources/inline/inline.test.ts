import { lstat, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceContract } from "../contract.ts";
import { taskRoom } from "../room.ts";
import { inline } from "./inline.ts";

type Entry = Partial<Header> & { name: string; text?: string };

async function tar(...entries: Entry[]): Promise<Buffer> {
  const packing = pack();
  for (const { text, ...header } of entries) packing.entry(header, text ?? "");
  packing.finalize();
  return await buffer(Readable.from(packing));
}
const uri = (bytes: Buffer, type = "application/octet-stream") => ({
  URL: `data:${type};base64,${bytes.toString("base64")}`,
});
const archive = async (...entries: Entry[]) => uri(gzipSync(await tar(...entries)), "application/gzip");

sourceContract("inline", {
  source: inline,
  makers: {
    file: async (bytes) => uri(bytes),
    folder: (text) => archive({ name: "inside.txt", text }),
    invalid: () => ({ URL: "https://example.org" }),
    absent: () => uri(Buffer.from("this is no archive"), "application/gzip"),
  },
  copies: true,
});

let root = "";
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "shoal-inline-")));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const fetch = (params: object, limitBytes = 1_000_000) => {
  const source = inline();
  const signal = new AbortController().signal;
  const partition = { index: 0, count: 1 };
  const room = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  return source.fetch({
    namespace: "default",
    params: source.params.parse(params),
    partition,
    folder: root,
    room,
    signal,
  });
};

describe("an inline file", () => {
  it.each([
    ["data:,hello%20w%C3%B6rld", "hello wörld"],
    ["data:text/plain,ünencoded", "ünencoded"],
    ["data:text/plain;charset=utf-8;base64,aGVsbG8=", "hello"],
    ["DATA:;BASE64,aGVsbG8", "hello"],
    ["data:;base64,_-8%3D", "\ufffd\ufffd"],
    ["data:,a,b;c", "a,b;c"],
  ])("%s holds %o", async (URL, text) => {
    expect(await readFile((await fetch({ URL })).hostPath, "utf8")).toBe(text);
  });

  it.each([
    "",
    "hello",
    "data:text/plain",
    "data:;base64,a b",
    "data:;base64,a=b",
    "data:,100%",
    "data:,%zz",
    "file:///etc/passwd",
  ])("%o cannot be read", (URL) => {
    expect(inline().params.safeParse({ URL }).success).toBe(false);
  });
});

describe("an inline folder", () => {
  it("is unpacked with folders, links and the execute bit, but without other mode bits", async () => {
    const params = await archive(
      { name: "./", type: "directory" },
      { name: "./bin/", type: "directory", mode: 0o500 },
      { name: "./bin/tool", mode: 0o6755, text: "run me" },
      { name: "deep/er/file", mode: 0o644, text: "x" },
      { name: "deep/link", type: "symlink", linkname: "../bin/tool" },
      { name: "same", type: "link", linkname: "bin/tool" },
    );
    const { hostPath, sizeBytes } = await fetch(params);
    // The files, and a block for each of the folders bin, deep and deep/er.
    expect(sizeBytes).toBe(7 + 3 * 4_096);
    expect(await readFile(join(hostPath, "deep/link"), "utf8")).toBe("run me");
    expect(await readFile(join(hostPath, "same"), "utf8")).toBe("run me");
    expect((await lstat(join(hostPath, "bin/tool"))).mode & 0o7777).toBe(0o755);
  });

  const outside = "leads? out|leave|through its own link|not a file of the archive";
  it.each<[string, Entry[], string]>([
    ["an absolute name", [{ name: "/etc/evil", text: "x" }], outside],
    ["a name that goes up", [{ name: "a/../../evil", text: "x" }], outside],
    ["an absolute link", [{ name: "l", type: "symlink", linkname: "/etc" }], outside],
    ["a link that goes up", [{ name: "l", type: "symlink", linkname: "../x" }], outside],
    ["a link that goes up from below", [{ name: "a/l", type: "symlink", linkname: "../../x" }], outside],
    ["a link that goes up behind a name", [{ name: "a/l", type: "symlink", linkname: "b/../../x" }], outside],
    [
      "a file through a link",
      [
        { name: "l", type: "symlink", linkname: "." },
        { name: "l/file", text: "x" },
      ],
      outside,
    ],
    [
      "a link behind a link, where going up means something else",
      [
        { name: "a/b/l", type: "symlink", linkname: "../.." },
        { name: "a/b/l/out", type: "symlink", linkname: "../.." },
      ],
      outside,
    ],
    [
      "a file in place of a link",
      [
        { name: "l", type: "symlink", linkname: "x" },
        { name: "l", text: "x" },
      ],
      "EEXIST",
    ],
    ["a hard link that goes up", [{ name: "l", type: "link", linkname: "../../etc/passwd" }], outside],
    ["a hard link to an absolute name", [{ name: "l", type: "link", linkname: "/etc/passwd" }], outside],
    [
      "a hard link to a link",
      [
        { name: "l", type: "symlink", linkname: "x" },
        { name: "h", type: "link", linkname: "l" },
      ],
      outside,
    ],
    ["a device", [{ name: "d", type: "character-device", devmajor: 1, devminor: 3 }], "character-device"],
    ["a pipe", [{ name: "p", type: "fifo" }], "fifo"],
  ])("is refused for %s", async (_, entries, why) => {
    await expect(fetch(await archive(...entries))).rejects.toMatchObject({
      code: "INPUT_UNAVAILABLE",
      why: expect.stringMatching(why),
    });
    expect(await readdir(root)).toEqual(["unpacked"]);
  });

  it("is refused when it is truncated", async () => {
    const whole = gzipSync(await tar({ name: "a", text: "x".repeat(900) }));
    await expect(fetch(uri(whole.subarray(0, -12), "application/gzip"))).rejects.toMatchObject({
      code: "INPUT_UNAVAILABLE",
    });
    await rm(join(root, "unpacked"), { recursive: true });
    const entry = (await tar({ name: "a", text: "x".repeat(900) })).subarray(0, 800);
    await expect(fetch(uri(gzipSync(entry), "application/x-gzip"))).rejects.toMatchObject({
      code: "INPUT_UNAVAILABLE",
    });
  });

  it("is refused when its files together exceed the limit", async () => {
    const params = await archive({ name: "a", text: "x".repeat(60) }, { name: "b", text: "x".repeat(40) });
    expect((await fetch(params, 100)).sizeBytes).toBe(100);
    await rm(join(root, "unpacked"), { recursive: true });
    await expect(fetch(params, 99)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("is refused when it has too many entries", async () => {
    const many = Array.from({ length: 10_001 }, () => ({ name: "same/", type: "directory" as const }));
    await expect(fetch(await archive(...many))).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("is refused when it unpacks to a huge size without files", async () => {
    // 300 MiB of zeroes after the end of the archive; a third of a MiB compressed.
    const bomb = gzipSync(Buffer.concat([await tar({ name: "a", text: "x" }), Buffer.alloc(300 * 1024 * 1024)]), {
      level: 1,
    });
    await expect(fetch(uri(bomb, "application/gzip"))).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("does not change files beside it", async () => {
    await writeFile(join(root, "beside"), "as it was");
    await expect(fetch(await archive({ name: "../beside", text: "new" }))).rejects.toThrow("relative names");
    expect(await readFile(join(root, "beside"), "utf8")).toBe("as it was");
  });
});
