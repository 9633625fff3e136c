import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UploadClient } from "@shoal/core";
import { systemClock, systemRandom } from "@shoal/node";
import type { SpecConfig } from "@shoal/proto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { publisherContract } from "../../services/compute/src/publishers/contract.ts";
import { s3 as s3Publisher } from "../../services/compute/src/publishers/s3/s3.ts";
import { s3managed } from "../../services/compute/src/publishers/s3managed/s3managed.ts";
import { unpack } from "../../services/compute/src/publishers/testing/unpack.ts";
import { sourceContract } from "../../services/compute/src/sources/contract.ts";
import { taskRoom } from "../../services/compute/src/sources/room.ts";
import { s3 as s3Source } from "../../services/compute/src/sources/s3/s3.ts";
import { type SecondS3Server, startS3rver } from "../../services/compute/src/testing/s3/s3rver.ts";
import { presigner } from "../../services/requester/src/results/presigner.ts";

let server: SecondS3Server;
let root = "";
beforeAll(async () => {
  server = await startS3rver();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKey.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.accessKey.secretAccessKey);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  root = await mkdtemp(join(tmpdir(), "shoal-s3rver-test-"));
  server.requests.length = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const reach = { loopback: true, linkLocal: false };
const limitBytes = 100_000_000;
const signal = new AbortController().signal;
const source = () => s3Source({ reach, clock: systemClock(), random: systemRandom });
const place = () => ({ Bucket: server.bucket, Endpoint: server.endpoint });
let serial = 0;
const prefix = () => {
  serial += 1;
  return `test-${serial}/`;
};

const presign = presigner(systemClock(), {});
const presigned = (method: "GET" | "PUT", key: string) =>
  presign({ bucket: server.bucket, key, region: "", endpoint: server.endpoint, method, expiresSeconds: 60 });
async function put(key: string, body: Uint8Array<ArrayBuffer> | string): Promise<void> {
  expect((await fetch(await presigned("PUT", key), { method: "PUT", body })).status).toBe(200);
}
async function get(key: unknown): Promise<Uint8Array> {
  const answer = await fetch(await presigned("GET", String(key)));
  expect(answer.status).toBe(200);
  return answer.bytes();
}

async function input(params: object, take: (bytes: number) => void = () => {}) {
  const space = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  const room = {
    take(bytes: number) {
      space.take(bytes);
      take(bytes);
    },
  };
  const folder = await mkdtemp(join(root, "input-"));
  const partition = { index: 0, count: 1 };
  const parsed = source().params.parse({ ...place(), ...params });
  return await source().fetch({ namespace: "default", params: parsed, partition, folder, room, signal });
}

async function filesBelow(Key: string): Promise<ReadonlyMap<string, string>> {
  const { hostPath } = await input({ Key });
  const entries = await readdir(hostPath, { recursive: true, withFileTypes: true });
  const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const read = async (path: string) => [path.slice(hostPath.length + 1), await readFile(path, "utf8")] as const;
  return new Map(await Promise.all(paths.map(read)));
}

sourceContract("s3 from s3rver", {
  source,
  makers: {
    file: async (bytes) => {
      const Key = `${prefix()}file`;
      await put(Key, Uint8Array.from(bytes));
      return { ...place(), Key };
    },
    folder: async (text) => {
      const below = prefix();
      await put(`${below}inside.txt`, text);
      return { ...place(), Key: `${below}*` };
    },
    invalid: () => ({ ...place(), Key: "a*", VersionID: "1" }),
    absent: () => ({ ...place(), Key: "absent" }),
  },
  copies: true,
});

describe("the source s3 from s3rver", () => {
  it("keeps the paths of several objects, and filters them", async () => {
    const below = prefix();
    for (const name of ["a.csv", "b/c ü+.csv", "b/d.txt"]) await put(`${below}${name}`, name);
    expect(await filesBelow(below)).toEqual(new Map(["a.csv", "b/c ü+.csv", "b/d.txt"].map((name) => [name, name])));
    const { hostPath } = await input({ Key: `${below}b/*`, Filter: "\\.csv$" });
    expect(await readdir(hostPath)).toEqual(["c ü+.csv"]);
  });

  it("compares the checksum", async () => {
    const Key = `${prefix()}a`;
    await put(Key, "hello");
    const sum = (text: string) => createHash("sha256").update(text).digest("base64");
    const { hostPath } = await input({ Key, ChecksumSHA256: sum("hello") });
    expect(await readFile(hostPath, "utf8")).toBe("hello");
    await expect(input({ Key, ChecksumSHA256: sum("other") })).rejects.toThrow(/expected SHA-256/);
  });

  it("continues with a range after a break", async () => {
    const Key = `${prefix()}a`;
    // More than the sockets of one connection hold.
    const bytes = randomBytes(16 * 1024 * 1024);
    await put(Key, bytes);
    let broken = false;
    const { hostPath } = await input({ Key }, () => {
      if (!broken) server.breakOff();
      broken = true;
    });
    expect((await readFile(hostPath)).equals(bytes)).toBe(true);
    const gets = server.requests.filter((each) => each.startsWith("GET") && each.includes(Key));
    expect(gets).toEqual([expect.not.stringMatching(/ bytes=/), expect.stringMatching(/ bytes=[1-9]\d*-$/)]);
  });
});

const publisher = () => s3Publisher({ reach, limitBytes });
const uploads: UploadClient = {
  upload: async ({ jobId, executionId }) => {
    const key = `managed/${jobId}/${executionId}.tar.gz`;
    return { granted: true, url: await presigned("PUT", key), bucket: server.bucket, key };
  },
};
/** The publishers, with the way in which a client fetches each result. */
const publishers = [
  {
    name: "s3, gzip",
    publisher,
    params: () => ({ ...place(), Key: "{executionID}" }),
    fetch: async ({ params }: SpecConfig) => unpack(await get(params["Key"])),
    inParts: true,
  },
  {
    name: "s3, plain",
    publisher,
    params: () => ({ ...place(), Key: "{executionID}", Encoding: "plain" }),
    fetch: async ({ params }: SpecConfig) => filesBelow(String(params["Key"])),
    inParts: true,
  },
  {
    name: "s3managed",
    publisher: () => s3managed({ uploads, reach, limitBytes }),
    params: () => ({}),
    // Not with a presigned URL: a mistake in how it is made would show on neither side.
    fetch: async ({ params }: SpecConfig) => unpack(await readFile((await input({ Key: params["Key"] })).hostPath)),
    inParts: false,
  },
];

describe.each(publishers)("$name", (each) => {
  publisherContract("in s3rver", each);

  it("stores a result that is larger than a part", async () => {
    const folder = join(root, "results");
    await mkdir(folder);
    // Compressed, it is still more than a part of 5 MiB.
    const large = randomBytes(12 * 1024 * 1024).toString("base64");
    await writeFile(join(folder, "large"), large);
    const identity = { executionId: "e-large", jobId: "j-1", namespace: "default", nodeId: "n-1" };
    const params = each.publisher().params.parse(each.params());
    const result = await each.publisher().publish({ ...identity, params, folder, signal });
    expect((await each.fetch(result)).get("large") === large).toBe(true);
    expect(server.requests.some((line) => line.includes("partNumber=3"))).toBe(each.inParts);
  });
});
