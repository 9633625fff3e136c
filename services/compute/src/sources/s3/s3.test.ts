import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@shoal/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Reach } from "../../outbound/reach.ts";
import { type S3Server, startS3Server } from "../../testing/s3/s3-server.ts";
import { sourceContract } from "../contract.ts";
import { taskRoom } from "../room.ts";
import { s3 } from "./s3.ts";

let server: S3Server;
let root = "";
let serial = 0;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKey.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.accessKey.secretAccessKey);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  root = await mkdtemp(join(tmpdir(), "shoal-s3-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const onLoopback: Reach = { loopback: true, linkLocal: false };
const create = (reach = onLoopback) => s3({ reach, clock: systemClock(), random: systemRandom });
const place = () => ({ Bucket: server.bucket, Endpoint: server.endpoint });
const prefix = () => {
  serial += 1;
  return `test-${serial}/`;
};

sourceContract("s3", {
  source: () => create(),
  makers: {
    file: async (bytes) => {
      const Key = `${prefix()}file`;
      server.put(Key, bytes);
      return { ...place(), Key };
    },
    folder: async (text) => {
      const below = prefix();
      server.put(`${below}inside.txt`, text);
      return { ...place(), Key: `${below}*` };
    },
    invalid: () => ({ ...place(), Key: "a*", VersionID: "1" }),
    refused: () => ({ ...place(), Endpoint: "http://169.254.169.254", Key: "a" }),
    absent: () => ({ ...place(), Key: "absent" }),
  },
  copies: true,
});

interface Options {
  readonly partition?: { readonly index: number; readonly count: number };
  readonly onBytes?: (allBytes: number) => void;
  readonly limitBytes?: number;
}

async function fetch(params: object, { partition, onBytes, limitBytes = 10_000_000 }: Options = {}) {
  const source = create();
  const space = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  let allBytes = 0;
  const room = {
    take(bytes: number) {
      space.take(bytes);
      allBytes += bytes;
      onBytes?.(allBytes);
    },
  };
  const folder = await mkdtemp(join(root, "input-"));
  const { signal } = new AbortController();
  const parsed = source.params.parse({ ...place(), ...params });
  const fetchRequest = { namespace: "default", params: parsed, partition: partition ?? { index: 0, count: 1 } };
  return await source.fetch({ ...fetchRequest, folder, room, signal });
}

async function filesOf(params: object, options?: Options): Promise<Readonly<Record<string, string>>> {
  const { hostPath } = await fetch(params, options);
  const entries = await readdir(hostPath, { recursive: true, withFileTypes: true });
  const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const texts = await Promise.all(
    paths.map(async (path) => [path.slice(hostPath.length + 1), await readFile(path, "utf8")]),
  );
  return Object.fromEntries(texts);
}

const unavailable = (why: RegExp) =>
  expect.objectContaining({ code: "INPUT_UNAVAILABLE", why: expect.stringMatching(why) });

describe("several objects", () => {
  it("keep their paths below the folder of the key, over several pages", async () => {
    const below = prefix();
    for (const name of ["a", "ab/c", "ab/d/e", "x"]) server.put(`${below}${name}`, name);
    server.put(`${below}folder/`, "");
    expect(await filesOf({ Key: below })).toEqual({ a: "a", "ab/c": "ab/c", "ab/d/e": "ab/d/e", x: "x" });
    expect(await filesOf({ Key: `${below}a*` })).toEqual({ a: "a", "ab/c": "ab/c", "ab/d/e": "ab/d/e" });
  });

  it("are filtered", async () => {
    const below = prefix();
    for (const name of ["a.csv", "b.txt", "c.csv"]) server.put(`${below}${name}`, name);
    expect(await filesOf({ Key: `${below}*`, Filter: "\\.csv$" })).toEqual({ "a.csv": "a.csv", "c.csv": "c.csv" });
  });

  it("are not filtered by a pattern without end", async () => {
    const below = prefix();
    server.put(`${below}${"a".repeat(40)}!`, "x");
    await expect(fetch({ Key: `${below}*`, Filter: "(a+)+$" })).rejects.toEqual(unavailable(/takes more than 200 ms/));
  });

  it("are divided among the partitions, each once", async () => {
    const below = prefix();
    const names = Array.from({ length: 12 }, (_, n) => `file-${n}`);
    for (const name of names) server.put(`${below}${name}`, name);
    const of = (index: number) =>
      filesOf({ Key: `${below}*`, Partition: { Type: "object" } }, { partition: { index, count: 3 } });
    const parts = [await of(0), await of(1), await of(2)].map((each) => Object.keys(each));
    expect(parts.flat().sort()).toEqual(names.sort());
    for (const part of parts) expect(part.length).toBeGreaterThan(0);
  });

  it.each(["../out", "a/../../out", "a//b", "."])("at %s are refused", async (name) => {
    const below = prefix();
    server.put(`${below}${name}`, "x");
    await expect(fetch({ Key: `${below}*` })).rejects.toEqual(unavailable(/the key is not a path of a file/));
  });

  it("share one limit", async () => {
    const below = prefix();
    for (const name of ["a", "b", "c"]) server.put(`${below}${name}`, Buffer.alloc(100));
    expect((await fetch({ Key: below }, { limitBytes: 300 })).sizeBytes).toBe(300);
    await expect(fetch({ Key: below }, { limitBytes: 299 })).rejects.toMatchObject({ code: "TOO_LARGE" });
  });
});

describe("one object", () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));

  it("keeps its name, and can be an older version with a checksum", async () => {
    const Key = `${prefix()}a.txt`;
    const { versionId } = server.put(Key, "old");
    server.put(Key, "new");
    const sum = (text: string) => createHash("sha256").update(text).digest("base64");
    const { hostPath, name } = await fetch({ Key, VersionID: versionId, ChecksumSHA256: sum("old") });
    expect([name, await readFile(hostPath, "utf8")]).toEqual(["a.txt", "old"]);
    await expect(fetch({ Key, ChecksumSHA256: sum("old") })).rejects.toEqual(unavailable(/expected SHA-256/));
  });

  const brokenOff = async (Key: string, onBroken = () => {}) => {
    server.holdAfter(40_000);
    const onBytes = (allBytes: number) => {
      if (allBytes !== 40_000) return;
      onBroken();
      server.breakOff();
    };
    const { hostPath } = await fetch({ Key }, { onBytes });
    const requests = server.requests.filter((each) => each.includes(Key));
    return { stored: await readFile(hostPath), ranges: requests.map((each) => each.split(" ")[2]) };
  };

  it("continues where it was after a break", async () => {
    const Key = `${prefix()}a`;
    server.put(Key, bytes);
    const { stored, ranges } = await brokenOff(Key);
    expect(stored.equals(bytes)).toBe(true);
    expect(ranges).toEqual([undefined, "bytes=40000-"]);
  });

  it("starts over when it has changed meanwhile", async () => {
    const Key = `${prefix()}a`;
    const changed = Buffer.alloc(100_000, "b");
    server.put(Key, bytes);
    const { stored, ranges } = await brokenOff(Key, () => void server.put(Key, changed));
    expect(stored.equals(changed)).toBe(true);
    expect(ranges).toEqual([undefined, "bytes=40000-", undefined]);
  });

  it("is not fetched with wrong credentials, which no message contains", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "another/secret");
    const Key = `${prefix()}a`;
    server.put(Key, bytes);
    const failure = await fetch({ Key }).catch((thrown: unknown) => thrown);
    expect(failure).toEqual(unavailable(/^s3:\/\/bucket\/.*: SignatureDoesNotMatch \(403\)$/));
    expect(String(failure)).not.toContain("another/secret");
  });

  it("is not fetched from this machine by default, also by name", async () => {
    const source = create({ loopback: false, linkLocal: false });
    const { port } = new URL(server.endpoint);
    const before = server.requests.length;
    for (const host of ["127.0.0.1", "localhost"]) {
      const params = source.params.parse({ ...place(), Endpoint: `http://${host}:${port}`, Key: "a" });
      const { signal } = new AbortController();
      const room = taskRoom({ inputBytes: 1, taskBytes: 1 }).input();
      const fetchRequest = {
        params,
        namespace: "default",
        partition: { index: 0, count: 1 },
        folder: root,
        room,
        signal,
      };
      await expect(source.fetch(fetchRequest)).rejects.toEqual(unavailable(/outbound.loopback is off/));
    }
    expect(server.requests.length).toBe(before);
  });
});

describe("a list of buckets", () => {
  const Key = "absent";
  it.each([
    ["bucket", "default", undefined],
    ["default/bucket", "default", undefined],
    ["other", "default", /use no bucket bucket: .+ sources\.s3\.buckets/],
    ["team/bucket", "default", /jobs of namespace default/],
  ])("%s lets a job of %s read", async (line, namespace, why) => {
    const source = s3({ reach: onLoopback, clock: systemClock(), random: systemRandom, buckets: [line] });
    const params = source.params.parse({ ...place(), Key });
    // Before a bid only the bucket is known.
    expect(await source.refuses(params)).toEqual(
      line.endsWith("bucket") ? undefined : expect.stringMatching(/jobs use no/),
    );
    const room = taskRoom({ inputBytes: 1, taskBytes: 1 }).input();
    const base = { namespace, partition: { index: 0, count: 1 }, room, signal: new AbortController().signal };
    const fetched = source.fetch({ ...base, params, folder: root });
    await expect(fetched).rejects.toThrow(why ?? /NoSuchKey/);
    const known = source.params.parse({ ...place(), Key, ChecksumSHA256: `${"A".repeat(43)}=` });
    const identity = await source.identify?.({ ...base, params: known, folder: root });
    expect(identity === undefined).toBe(why !== undefined);
  });
});
