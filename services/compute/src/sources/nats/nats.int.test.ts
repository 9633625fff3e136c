import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@shoal/core";
import { connectNode, connectRequester, type NatsRequesterPorts, type NodePorts } from "@shoal/nats";
import { findServer, type RunningServer, startServer } from "@shoal/nats/server";
import { systemClock, systemRandom } from "@shoal/node";
import { resultsBucketOf } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cachedSource } from "../../input-cache/cached-source.ts";
import { createInputCache } from "../../input-cache/input-cache.ts";
import { nats as natsPublisher } from "../../publishers/nats/nats.ts";
import { unpack } from "../../publishers/testing/unpack.ts";
import { sourceContract } from "../contract.ts";
import { taskRoom } from "../room.ts";
import type { Fetched, Source } from "../source.ts";
import { nats } from "./nats.ts";

const ports = { clock: systemClock(), random: systemRandom };
const nodeId = "n-1";
const Bucket = resultsBucketOf(nodeId);

let root = "";
let server: RunningServer;
let requester: NatsRequesterPorts;
let node: NodePorts;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-nats-source-"));
  server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
  const servers = [server.url];
  requester = await connectRequester({
    ...{ ...ports, servers, requesterId: "r-1", replicas: 1, onParked: () => undefined },
  });
  await requester.ensureResultsBucket(nodeId);
  node = await connectNode({ ...ports, servers, nodeId });
});
afterAll(async () => {
  await node.close();
  await requester.close();
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const create = (buckets: readonly string[] = [Bucket]): Source => nats({ ...ports, objects: node.objects, buckets });
const put = (name: string, bytes: Buffer | string) => node.results.put(name, new Blob([bytes]).stream());

let serial = 0;
async function fetch(source: Source, params: object, namespace = "default"): Promise<Fetched> {
  const folder = await mkdtemp(join(root, "input-"));
  const room = taskRoom({ inputBytes: 10_000_000, taskBytes: 10_000_000 }).input();
  const { signal } = new AbortController();
  const parsed = source.params.parse({ Bucket, ...params });
  return source.fetch({ namespace, params: parsed, partition: { index: 0, count: 1 }, folder, room, signal });
}

sourceContract("nats", {
  source: () => create(),
  makers: {
    async file(bytes) {
      serial += 1;
      await put(`file-${serial}`, bytes);
      return { Bucket, Key: `file-${serial}` };
    },
    async folder(text) {
      serial += 1;
      await put(`folder-${serial}/inside.txt`, text);
      return { Bucket, Key: `folder-${serial}/` };
    },
    invalid: () => ({ Bucket: "a.b", Key: "x" }),
    refused: () => ({ Bucket: "other", Key: "x" }),
    absent: () => ({ Bucket, Key: "nothing" }),
  },
  copies: true,
});

describe("an object in NATS", () => {
  it("is a result that another job published", async () => {
    const folder = await mkdtemp(join(root, "results-"));
    await writeFile(join(folder, "stdout"), "of the first job");
    const publisher = natsPublisher({ results: { bucket: Bucket, put: node.results.put }, limitBytes: 1_000_000 });
    const identity = { executionId: "e-1", jobId: "j-1", namespace: "default", nodeId };
    const { signal } = new AbortController();
    const { params } = await publisher.publish({ ...identity, params: {}, folder, signal });
    const input = await fetch(create(), { Bucket: params["Bucket"], Key: params["Object"] });
    expect(input.name).toBe("e-1.tar.gz");
    expect(Object.fromEntries(await unpack(await readFile(input.hostPath)))).toEqual({ stdout: "of the first job" });
  });

  it("is fetched with others whose names have the prefix, without removed ones", async () => {
    await put("many/one", "1");
    await put("many/deep/two", "2");
    await put("many/removed", "3");
    await node.results.remove("many/removed");
    const { hostPath } = await fetch(create(), { Key: "many/*" });
    expect(await readFile(join(hostPath, "one"), "utf8")).toBe("1");
    expect(await readFile(join(hostPath, "deep", "two"), "utf8")).toBe("2");
    await expect(readFile(join(hostPath, "removed"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("with a name that leads out of the folder is refused", async () => {
    await put("out/../../etc/passwd", "x");
    await expect(fetch(create(), { Key: "out/*" })).rejects.toMatchObject({
      code: "INPUT_UNAVAILABLE",
      why: expect.stringContaining("not a path of a file"),
    });
  });

  it("is fetched again only when it has another digest, and for another namespace", async () => {
    const cache = createInputCache({
      folder: await mkdtemp(join(root, "cache-")),
      maxBytes: 1_000_000,
      logger: silentLogger,
    });
    const source = cachedSource(create(), cache);
    await put("cached", "first");
    const fetchCached = async (namespace?: string) => (await fetch(source, { Key: "cached" }, namespace)).isCached;
    expect([await fetchCached(), await fetchCached(), await fetchCached("other")]).toEqual([
      undefined,
      true,
      undefined,
    ]);
    await put("cached", "second");
    expect(await fetchCached()).toBeUndefined();
    expect(await readFile((await fetch(source, { Key: "cached" })).hostPath, "utf8")).toBe("second");
  });
});

describe("a list of buckets", () => {
  it.each([
    [Bucket, undefined],
    [`default/${Bucket}`, undefined],
    ["other", /use no bucket results-n-1: .+ sources\.nats\.buckets/],
    [`team/${Bucket}`, /jobs of namespace default/],
  ])("%s lets a job read, or refuses with the reason", async (line, why) => {
    await put("listed", "x");
    const fetching = fetch(create([line]), { Key: "listed" });
    if (why === undefined) await fetching;
    else await expect(fetching).rejects.toMatchObject({ code: "INPUT_UNAVAILABLE", why: expect.stringMatching(why) });
  });
  it("that is empty makes the source unavailable, and lets no job read", async () => {
    expect(await create([]).unavailable()).toContain("sources.nats.buckets");
    await expect(fetch(create([]), { Key: "listed" })).rejects.toMatchObject({ code: "INPUT_UNAVAILABLE" });
  });
});
