import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@shoal/core";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FaultServer, startFaultServer } from "../outbound/testing/fault-server.ts";
import { taskRoom } from "../sources/room.ts";
import { s3 } from "../sources/s3/s3.ts";
import type { Source } from "../sources/source.ts";
import { urlDownload } from "../sources/url-download/url-download.ts";
import { type S3Server, startS3Server } from "../testing/s3/s3-server.ts";
import { cachedSource } from "./cached-source.ts";
import { createInputCache, type InputCache } from "./input-cache.ts";

let root = "";
let cache: InputCache;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-cached-"));
  cache = createInputCache({ folder: join(root, "cache"), maxBytes: 1_000_000, logger: silentLogger });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const ports = { reach: { loopback: true, linkLocal: false }, clock: systemClock(), random: systemRandom };

/** Fetches an input as an execution of a namespace does: its text, and whether it was on the node. */
async function fetch(source: Source, params: object, { namespace = "default", limitBytes = 1_000 } = {}) {
  const folder = await mkdtemp(join(root, "input-"));
  const room = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  const request = { namespace, folder, room, partition: { index: 0, count: 1 }, signal: new AbortController().signal };
  const fetched = await cachedSource(source, cache).fetch({ ...request, params: source.params.parse(params) });
  const names = await readdir(fetched.hostPath).catch(() => undefined);
  const text = await (names === undefined
    ? readFile(fetched.hostPath, "utf8")
    : Promise.all(names.sort().map((name) => readFile(join(fetched.hostPath, name), "utf8"))));
  return { text, isCached: fetched.isCached ?? false, name: fetched.name };
}

describe("urldownload", () => {
  let server: FaultServer;
  let served = { text: "one", headers: {} as Record<string, string> };
  let gets = 0;
  beforeEach(async () => {
    server = await startFaultServer();
    gets = 0;
  });
  afterEach(() => server[Symbol.asyncDispose]());
  const serve = (headers: Record<string, string>, onHead: (response: ServerResponse) => void = () => {}) => {
    served = { text: "one", headers };
    return server.serve("/file.txt", ({ method }: IncomingMessage, response) => {
      response.setHeaders(new Map(Object.entries(served.headers)));
      if (method === "HEAD") {
        onHead(response);
        return void response.end();
      }
      gets += 1;
      response.end(served.text);
    });
  };
  const source = () => urlDownload(ports);

  it("is fetched again only when the server has another ETag", async () => {
    const URL = serve({ etag: '"1"' });
    expect(await fetch(source(), { URL })).toEqual({ text: "one", isCached: false, name: "file.txt" });
    expect(await fetch(source(), { URL })).toEqual({ text: "one", isCached: true, name: "file.txt" });
    served = { text: "two", headers: { etag: '"2"' } };
    expect(await fetch(source(), { URL })).toMatchObject({ text: "two", isCached: false });
    expect(gets).toBe(2);
  });

  const recently = new Date(Date.now() - 1_000).toUTCString();
  const longAgo = new Date(Date.now() - 3_600_000).toUTCString();
  it.each([
    ["a weak ETag", { etag: 'W/"1"' }, false],
    ["no validator", {}, false],
    ["a change a second ago", { "last-modified": recently }, false],
    ["a change an hour ago", { "last-modified": longAgo }, true],
    ["an ETag that must not be stored", { etag: '"1"', "cache-control": "private, no-store" }, false],
  ])("with %s is stored: %s %s", async (_what, headers, isCached) => {
    const URL = serve(headers);
    await fetch(source(), { URL });
    expect(await fetch(source(), { URL })).toMatchObject({ text: "one", isCached });
  });

  it("is not served to another namespace, except by the digest of its content", async () => {
    const URL = serve({ etag: '"1"' });
    await fetch(source(), { URL }, { namespace: "a" });
    expect(await fetch(source(), { URL }, { namespace: "b" })).toMatchObject({ isCached: false });
    const ChecksumSHA256 = createHash("sha256").update("one").digest("hex");
    expect(await fetch(source(), { URL, ChecksumSHA256 }, { namespace: "a" })).toMatchObject({ isCached: false });
    const before = gets;
    expect(await fetch(source(), { URL, ChecksumSHA256 }, { namespace: "b" })).toMatchObject({ isCached: true });
    expect(gets).toBe(before);
  });

  it("does not store what has another checksum", async () => {
    const URL = serve({});
    const ChecksumSHA256 = createHash("sha256").update("two").digest("hex");
    for (const _ of [1, 2]) await expect(fetch(source(), { URL, ChecksumSHA256 })).rejects.toThrow(/expected SHA-256/);
  });

  it("is fetched without the cache when it changes while it is fetched, and counts once", async () => {
    const URL = serve({ etag: '"head"' }, () => {
      served = { text: "x".repeat(60), headers: { etag: '"get"' } };
    });
    expect(await fetch(source(), { URL }, { limitBytes: 60 })).toMatchObject({ text: "x".repeat(60), isCached: false });
  });

  it("is fetched without the cache when the server refuses HEAD", async () => {
    const URL = serve({ etag: '"1"' }, (response) => void response.writeHead(405));
    expect(await fetch(source(), { URL })).toMatchObject({ text: "one", isCached: false });
    expect(await fetch(source(), { URL })).toMatchObject({ text: "one", isCached: false });
  });
});

describe("s3", () => {
  let server: S3Server;
  beforeEach(async () => {
    server = await startS3Server();
    vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKey.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.accessKey.secretAccessKey);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server[Symbol.asyncDispose]();
  });
  const place = (Key: string) => ({ Bucket: server.bucket, Endpoint: server.endpoint, Key });
  const gets = () => server.requests.filter((request) => /^GET \/bucket\/[^?]/.test(request)).length;

  it("fetches an object again only when it has another ETag, and for another namespace", async () => {
    server.put("a.txt", "one");
    const source = s3(ports);
    expect(await fetch(source, place("a.txt"))).toEqual({ text: "one", isCached: false, name: "a.txt" });
    expect(await fetch(source, place("a.txt"))).toEqual({ text: "one", isCached: true, name: "a.txt" });
    expect(await fetch(source, place("a.txt"), { namespace: "b" })).toMatchObject({ isCached: false });
    server.put("a.txt", "two");
    expect(await fetch(source, place("a.txt"))).toMatchObject({ text: "two", isCached: false });
    expect(gets()).toBe(3);
  });

  it("fetches a prefix again only when one of its objects changes or comes", async () => {
    for (const name of ["a", "b", "c"]) server.put(`p/${name}`, name);
    const source = s3(ports);
    expect(await fetch(source, place("p/"))).toMatchObject({ text: ["a", "b", "c"], isCached: false });
    expect(await fetch(source, place("p/"))).toMatchObject({ text: ["a", "b", "c"], isCached: true });
    server.put("p/d", "d");
    expect(await fetch(source, place("p/"))).toMatchObject({ text: ["a", "b", "c", "d"], isCached: false });
    server.put("p/b", "new");
    expect(await fetch(source, place("p/"))).toMatchObject({ text: ["a", "new", "c", "d"], isCached: false });
  });

  it("does not store an object that changes between the two requests", async () => {
    server.put("a.txt", "one");
    const source = s3(ports);
    const changing: Source = {
      ...source,
      identify: async (request) => {
        const identity = await source.identify?.(request);
        server.put("a.txt", "two");
        return identity;
      },
    };
    expect(await fetch(changing, place("a.txt"))).toMatchObject({ text: "two", isCached: false });
    expect(await readdir(join(root, "cache", "entries"))).toEqual([]);
  });

  it("fails as without the cache for an object that does not exist", async () => {
    await expect(fetch(s3(ports), place("absent"))).rejects.toThrow(/NoSuchKey/);
  });
});
