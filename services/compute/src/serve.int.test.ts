import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { type Assignment, type Report, resultsBucketOf, shardOf } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpack } from "./publishers/testing/unpack.ts";
import { serveCompute } from "./serve.ts";
import { askOf, assignmentOf } from "./testing/assignments.ts";

const nodeId = "n-real";

interface Serving {
  readonly stop: () => Promise<void>;
}

describe("serveCompute, on a real NATS server", () => {
  let root = "";
  let server: RunningServer;
  let requester: NatsRequesterPorts;
  const serve = async (dataDir: string, more: Readonly<Record<string, string>> = {}): Promise<Serving> => {
    const quit = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<unknown>();
    const flags = { nodeId, dataDir, "nats.url": server.url, "log.level": "warn", "wasm.poolSize": 0, ...more };
    const served = serveCompute({ given: { env: {}, flags }, quit: quit.promise, onReady: ready.resolve });
    await Promise.race([ready.promise, served]);
    return {
      stop: () => {
        quit.resolve();
        return served;
      },
    };
  };
  const assign = (assignment: Assignment) =>
    requester.views.assignments.put(`${nodeId}.${assignment.executionId}`, assignment);
  /** Resolves with the first final report of an execution. */
  const endOf = async ({ jobId, executionId }: Assignment): Promise<Report["saw"]> => {
    const { promise, resolve } = Promise.withResolvers<Report["saw"]>();
    const following = await requester.reports.follow(shardOf(jobId), 0, (received) => {
      const { saw } = received.report;
      if (received.executionId === executionId && (saw.kind === "completed" || saw.kind === "failed")) resolve(saw);
    });
    const saw = await promise;
    await following.close();
    return saw;
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-compute-"));
    server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
    requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      requesterId: "r-1",
      replicas: 1,
      servers: [server.url],
      onParked: () => {},
    });
    await requester.ensureResultsBucket(nodeId);
  });
  afterAll(async () => {
    await requester?.close();
    await server?.stop();
    await rm(root, { recursive: true, force: true });
  });

  it("bids, runs, publishes into NATS, and resumes after a restart", async () => {
    const dataDir = join(root, "node");
    const first = await serve(dataDir);
    const bid = await requester.bidClient.ask(nodeId, askOf(), 5_000);
    expect(bid).toMatchObject({ accepted: true, slots: 1, nodeId });
    const one = assignmentOf({
      nodeId,
      task: { engine: { type: "noop", params: { Stdout: "hi", ExitCode: 2 } }, publisher: { type: "nats" } },
    });
    await assign(one);
    const completed = await endOf(one);
    expect(completed).toMatchObject({
      kind: "completed",
      output: { stdout: "hi", exitCode: 2 },
      result: { type: "nats", params: { Bucket: resultsBucketOf(nodeId) } },
    });
    const params = completed.kind === "completed" ? completed.result?.params : undefined;
    const saved = await (await requester.results(nodeId)).get(String(params?.["Object"]));
    const files = await unpack(await new Response(saved?.bytes ?? null).bytes());
    expect(Object.fromEntries(files)).toEqual({ stdout: "hi", stderr: "", exitCode: "2" });

    const long = assignmentOf({ nodeId, attempt: 2, task: { engine: { type: "noop", params: { RunSeconds: 3600 } } } });
    const next = assignmentOf({ nodeId, attempt: 3 });
    await assign(long);
    // Reports arrive in order: what follows this one began after it.
    await assign(next);
    await endOf(next);
    await first.stop();
    const second = await serve(dataDir);
    expect(await endOf(long)).toMatchObject({ kind: "failed", code: "NODE_RESTARTED", final: false });
    await second.stop();
  });

  it("has labels for its system, its architecture and its name, beside those of its settings", async () => {
    const received = Promise.withResolvers<Readonly<Record<string, string>>>();
    const following = await requester.bidClient.onHeartbeat(({ info }) => received.resolve(info.labels));
    const node = await serve(join(root, "labels"), { labels: "zone=a" });
    expect(await received.promise).toMatchObject({
      os_type: expect.stringMatching(/^(linux|darwin|windows)$/),
      os_arch: expect.stringMatching(/^(amd64|arm64)$/),
      ...{ name: nodeId, zone: "a" },
    });
    await following.close();
    await node.stop();
  });

  it("refuses a data directory that another process uses", async () => {
    const dataDir = join(root, "shared");
    const first = await serve(dataDir);
    await expect(serve(dataDir)).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
    await first.stop();
  });

  it("names each invalid setting", async () => {
    const flags = { "capacity.cpu": "lots", heartbeatMs: 1, allowListedLocalPaths: "relative" };
    const quit = Promise.resolve();
    await expect(serveCompute({ given: { env: {}, flags }, quit, onReady: () => {} })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      why: expect.stringMatching(/capacity\.cpu: .*heartbeatMs: .*allowListedLocalPaths/),
    });
  });
});
