// Program of a test and of the benchmark: publishes a folder of one large file and prints the growth of its memory.
// Arguments: the publisher, the size in bytes, a folder for the file, the address of the store.
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { connectNode } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { resultsBucketOf } from "@shoal/proto";
import { local } from "../local/local.ts";
import { nats } from "../nats/nats.ts";
import type { Publisher } from "../publisher.ts";
import { s3 } from "../s3/s3.ts";
import { s3managed } from "../s3managed/s3managed.ts";

const [name = "", size = "0", root = "", address = ""] = process.argv.slice(2);
// The default of results.limitBytes.
const limitBytes = 10 * 1024 ** 3;
const reach = { loopback: true, linkLocal: false };
const nodeId = "n-large";

const publishers: Readonly<Record<string, () => Publisher | Promise<Publisher>>> = {
  local: () =>
    local({
      ...{ clock: systemClock(), folder: join(root, "published"), address: "127.0.0.1", machine: "m", port: 0 },
      ...{ keepMs: 1_000_000, keepBytes: limitBytes, limitBytes },
    }),
  s3: () => s3({ reach, limitBytes }),
  s3managed: () =>
    s3managed({
      ...{ reach, limitBytes },
      uploads: { upload: async () => ({ granted: true, url: `${address}/b/k`, bucket: "b", key: "k" }) },
    }),
  async nats() {
    const node = await connectNode({ clock: systemClock(), random: systemRandom, servers: [address], nodeId });
    return nats({ results: { bucket: resultsBucketOf(nodeId), put: node.results.put }, limitBytes });
  },
};

// Farther apart than gzip looks back, so that it cannot compress what repeats.
const block = Buffer.alloc(1024 * 1024);
crypto.getRandomValues(block.subarray(0, 65_536));
for (let at = 65_536; at < block.length; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));

/** A folder of results with one file. */
async function resultsOf(executionId: string, bytes: number): Promise<string> {
  const folder = join(root, executionId);
  await mkdir(folder, { recursive: true });
  const file = await open(join(folder, "file"), "w");
  for (let written = 0; written < bytes; written += block.length) await file.write(block);
  await file.close();
  return folder;
}

const publisher = await publishers[name]?.();
if (publisher === undefined) throw new Error(`no publisher ${name}`);
const params = name === "s3" ? { Bucket: "b", Key: "{executionID}", Endpoint: address } : {};

async function publish(executionId: string, bytes: number): Promise<number> {
  const folder = await resultsOf(executionId, bytes);
  const began = performance.now();
  const identity = { executionId, jobId: "j-1", namespace: "default", nodeId };
  const signal = new AbortController().signal;
  await publisher?.publish({ ...identity, params: publisher.params.parse(params), folder, signal });
  return performance.now() - began;
}

// What is loaded and connected once is not part of the growth.
await publish("e-small", block.length);
globalThis.gc?.();
const before = process.memoryUsage.rss();
let peak = before;
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 10);
const ms = await publish("e-large", Number(size));
clearInterval(sampling);
process.stdout.write(JSON.stringify({ grownBytes: peak - before, ms }), () => process.exit(0));
