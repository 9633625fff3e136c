import { mkdir, mkdtemp, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpecConfig } from "@shoal/proto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type S3Server, startS3Server } from "../../testing/s3/s3-server.ts";
import { publisherContract } from "../contract.ts";
import { unpack } from "../testing/unpack.ts";
import { s3 } from "./s3.ts";

let server: S3Server;
let folder = "";
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKey.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.accessKey.secretAccessKey);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  server.objects.clear();
  folder = await mkdtemp(join(tmpdir(), "shoal-s3-publisher-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const limitBytes = 100_000_000;
const create = (loopback = true) => s3({ reach: { loopback, linkLocal: false }, limitBytes });
const place = () => ({ Bucket: server.bucket, Endpoint: server.endpoint });

const stored = (key: unknown): Buffer => server.objects.get(String(key))?.at(-1)?.bytes ?? Buffer.alloc(0);
const below = (key: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries([...server.objects.keys()].map((each) => [each.slice(String(key).length), `${stored(each)}`]));

publisherContract("s3, gzip", {
  publisher: () => create(),
  params: () => ({ ...place(), Key: "{executionID}" }),
  fetch: async ({ params }: SpecConfig) => unpack(stored(params["Key"])),
});

publisherContract("s3, plain", {
  publisher: () => create(),
  params: () => ({ ...place(), Key: "{executionID}", Encoding: "plain" }),
  fetch: async ({ params }: SpecConfig) => new Map(Object.entries(below(params["Key"]))),
});

function publish(params: object, { publisher = create(), signal = new AbortController().signal } = {}) {
  const identity = { executionId: "e-1", jobId: "j-1", namespace: "default", nodeId: "n-1" };
  return publisher.publish({ ...identity, params: publisher.params.parse({ ...place(), ...params }), folder, signal });
}

describe("the key", () => {
  it("has its placeholders replaced, with the time when the task ended", async () => {
    await writeFile(join(folder, "exitCode"), "0");
    const ended = new Date("2026-11-22T03:04:05Z");
    await utimes(join(folder, "exitCode"), ended, ended);
    const Key = "/{jobID}/{executionID}/{nodeID}/{date}/{time}/{other}";
    const { type, params } = await publish({ Key, Region: "eu-west-1" });
    const expected = "j-1/e-1/n-1/20261122/030405/{other}.tar.gz";
    expect({ type, params }).toEqual({ type: "s3", params: { ...place(), Region: "eu-west-1", Key: expected } });
    expect([...server.objects.keys()]).toEqual([expected]);
  });
  it("keeps .tar.gz at its end", async () => {
    expect((await publish({ Key: "a.tar.gz" })).params).toMatchObject({ Key: "a.tar.gz" });
  });
});

describe("large results", () => {
  it("are uploaded in parts", async () => {
    const bytes = Buffer.alloc(40_000_000, "x");
    await writeFile(join(folder, "large"), bytes);
    await publish({ Key: "a", Encoding: "plain" });
    const [object] = server.objects.get("a/large") ?? [];
    expect(object?.bytes.equals(bytes)).toBe(true);
    expect(object?.etag).toMatch(/-8"$/);
    expect(server.openUploads()).toBe(0);
  });
  it("above the limit are not uploaded", async () => {
    await writeFile(join(folder, "large"), "");
    await truncate(join(folder, "large"), limitBytes + 1);
    for (const Encoding of ["gzip", "plain"])
      await expect(publish({ Key: "a", Encoding })).rejects.toMatchObject({ code: "RESULTS_TOO_LARGE" });
    expect(server.objects.size).toBe(0);
  });
});

describe("a failure", () => {
  it.each([
    ["wrong credentials", { Key: "a" }, /SignatureDoesNotMatch \(403\)/],
    ["a bucket that does not exist", { Key: "a", Bucket: "other" }, /NoSuchBucket \(404\)/],
  ])("for %s names the place, and keeps the results", async (what, params, why) => {
    await mkdir(join(folder, "made"));
    await writeFile(join(folder, "made", "file"), "made");
    if (what === "wrong credentials") vi.stubEnv("AWS_SECRET_ACCESS_KEY", "another/secret");
    const failure = await publish(params).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: "PUBLISH_FAILED", why: expect.stringMatching(why) });
    expect(String(failure)).not.toContain("another/secret");
    expect(await readFile(join(folder, "made", "file"), "utf8")).toBe("made");
  });

  it("is a store on this machine, by default", async () => {
    const before = server.requests.length;
    const { port } = new URL(server.endpoint);
    for (const host of ["127.0.0.1", "localhost"]) {
      const publishing = publish({ Key: "a", Endpoint: `http://${host}:${port}` }, { publisher: create(false) });
      await expect(publishing).rejects.toMatchObject({
        code: "PUBLISH_FAILED",
        why: expect.stringContaining("outbound.loopback is off"),
      });
    }
    expect(server.requests.length).toBe(before);
  });
});

it("plain stores no links", async () => {
  await writeFile(join(folder, "file"), "x");
  await symlink("file", join(folder, "link"));
  await publish({ Key: "a", Encoding: "plain" });
  expect(below("a/")).toEqual({ file: "x" });
});

describe("a list of buckets", () => {
  it.each([
    ["bucket", undefined],
    ["default/bucket", undefined],
    ["other", /use no bucket bucket: .+ publishers\.s3\.buckets/],
    ["team/bucket", /jobs of namespace default/],
  ])("%s lets a job write, or refuses with the reason", async (line, why) => {
    await writeFile(join(folder, "stdout"), "hello");
    const publisher = s3({ reach: { loopback: true, linkLocal: false }, limitBytes, buckets: [line] });
    const params = { ...place(), Key: "a" };
    expect(publisher.refuses?.(params)).toEqual(
      line.endsWith("bucket") ? undefined : expect.stringMatching(/jobs use no/),
    );
    const publishing = publish(params, { publisher });
    if (why === undefined) await publishing;
    else await expect(publishing).rejects.toMatchObject({ code: "TASK_INVALID", why: expect.stringMatching(why) });
    expect(server.objects.size).toBe(why === undefined ? 1 : 0);
  });
});
