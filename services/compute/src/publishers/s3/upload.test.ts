import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openS3 } from "../../outbound/s3-client.ts";
import { type S3Server, startS3Server } from "../../testing/s3/s3-server.ts";
import { PartBuffers, upload } from "./upload.ts";

// The least that the server takes as a part.
const partBytes = 5 * 1024 * 1024;
// No divisor of a part, so that chunks cross the parts' ends.
const chunkBytes = 1_000_003;

let server: S3Server;
let client: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKey.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.accessKey.secretAccessKey);
  client = await openS3({ endpoint: server.endpoint, region: "" }, { loopback: true, linkLocal: false });
});
afterAll(async () => {
  client.destroy();
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.objects.clear();
  server.requests.length = 0;
});

const place = (signal = new AbortController().signal) => ({ client, Bucket: server.bucket, Key: "key", signal });

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

describe("a stream becomes one object, byte for byte", () => {
  const buffers = new PartBuffers(partBytes);
  // Empty, less than a part, exactly one, one byte more, and more parts than there are buffers.
  it.each([0, 10, partBytes, partBytes + 1, 5 * partBytes + 7])("of %d bytes", async (size) => {
    const bytes = randomBytes(size);
    await upload(place(), Readable.from(chunksOf(bytes), { objectMode: false }), buffers);
    expect(server.objects.get("key")?.[0]?.bytes.equals(bytes)).toBe(true);
    expect(server.openUploads()).toBe(0);
    expect(server.requests.some((line) => line.includes("uploads"))).toBe(size >= partBytes);
  });
});

describe("an upload that fails leaves neither an object nor parts", () => {
  async function* withThen(bytes: Buffer, then: () => void): AsyncGenerator<Buffer> {
    yield* chunksOf(bytes);
    then();
  }
  const large = Buffer.alloc(3 * partBytes);

  it("when the results cannot be read", async () => {
    const body = Readable.from(
      withThen(large, () => {
        throw new Error("no such file");
      }),
    );
    await expect(upload(place(), body, new PartBuffers(partBytes))).rejects.toThrow("no such file");
    expect(server.requests.some((line) => line.includes("partNumber=1"))).toBe(true);
    expect([server.objects.size, server.openUploads()]).toEqual([0, 0]);
  });
  it("when it is aborted", async () => {
    const stop = new AbortController();
    const body = Readable.from(withThen(large, () => stop.abort()));
    await expect(upload(place(stop.signal), body, new PartBuffers(partBytes))).rejects.toThrow();
    expect([server.objects.size, server.openUploads()]).toEqual([0, 0]);
  });
  it("when the store refuses a part", async () => {
    const body = Readable.from(withThen(large, () => undefined));
    // Less than the store takes, for a part before the last.
    await expect(upload(place(), body, new PartBuffers(1024 * 1024))).rejects.toThrow("EntityTooSmall");
    expect([server.objects.size, server.openUploads()]).toEqual([0, 0]);
  });
});
