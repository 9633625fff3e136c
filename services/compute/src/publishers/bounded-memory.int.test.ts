import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectRequester } from "@shoal/nats";
import { findServer, startServer } from "@shoal/nats/server";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startSinkServer } from "./testing/sink-server.ts";

const mebibyte = 1024 * 1024;
const sizeBytes = 256 * mebibyte;
// 1 GiB of results may take 64 MiB of extra memory; this leaves a margin. What grows with the size would show at a quarter.
const grownMaxBytes = 48 * mebibyte;

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-large-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function grownBytes(publisher: string, address: string): Promise<number> {
  const program = join(import.meta.dirname, "testing", "publish-large.ts");
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_EC2_METADATA_DISABLED: "true" };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", program, publisher, String(sizeBytes), root, address],
    { env: { ...process.env, ...keys } },
  );
  return Number(JSON.parse(stdout).grownBytes);
}

describe("256 MiB of results take at most 48 MiB of memory", () => {
  it.each(["local", "s3", "s3managed"])("with the publisher %s", { timeout: 300_000 }, async (publisher) => {
    await using sink = await startSinkServer();
    expect(await grownBytes(publisher, sink.endpoint)).toBeLessThanOrEqual(grownMaxBytes);
    if (publisher !== "local") expect(sink.receivedBytes()).toBeGreaterThan(sizeBytes);
  });

  it("with the publisher nats", { timeout: 300_000 }, async () => {
    const server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
    const ports = { clock: systemClock(), random: systemRandom, servers: [server.url] };
    const requester = await connectRequester({ ...ports, requesterId: "r-1", replicas: 1, onParked: () => undefined });
    try {
      await requester.ensureResultsBucket("n-large");
      expect(await grownBytes("nats", server.url)).toBeLessThanOrEqual(grownMaxBytes);
    } finally {
      await requester.close();
      await server.stop();
    }
  });
});
