import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectRequester } from "@shoal/nats";
import { findServer, startServer } from "@shoal/nats/server";
import { systemClock, systemRandom } from "@shoal/node";
import { startSinkServer } from "./sink-server.ts";

/** What publishing one large result took. */
export interface LargePublish {
  /** The growth of the memory of the publishing process. */
  readonly grownBytes: number;
  readonly ms: number;
}

/** Publishes results of a size in a new process, with a store on loopback that accepts them. */
export async function publishInProcess(publisher: string, sizeBytes: number): Promise<LargePublish> {
  const root = await mkdtemp(join(tmpdir(), "shoal-large-"));
  try {
    return await (publisher === "nats" ? toNats(root, sizeBytes) : toSink(publisher, root, sizeBytes));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function toSink(publisher: string, root: string, sizeBytes: number): Promise<LargePublish> {
  await using sink = await startSinkServer();
  const published = await runProgram([publisher, String(sizeBytes), root, sink.endpoint]);
  if (publisher !== "local" && sink.receivedBytes() < sizeBytes)
    throw new Error(`expected ${sizeBytes} bytes in the store, got ${sink.receivedBytes()}`);
  return published;
}

async function toNats(root: string, sizeBytes: number): Promise<LargePublish> {
  const server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
  const ports = { clock: systemClock(), random: systemRandom, servers: [server.url] };
  const requester = await connectRequester({ ...ports, requesterId: "r-1", replicas: 1, onParked: () => undefined });
  try {
    await requester.ensureResultsBucket("n-large");
    return await runProgram(["nats", String(sizeBytes), root, server.url]);
  } finally {
    await requester.close();
    await server.stop();
  }
}

async function runProgram(args: readonly string[]): Promise<LargePublish> {
  const program = join(import.meta.dirname, "publish-large.ts");
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_EC2_METADATA_DISABLED: "true" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program, ...args], {
    env: { ...process.env, ...keys },
  });
  return JSON.parse(stdout);
}
