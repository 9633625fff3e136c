import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { type Report, shardOf } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeContainer } from "./executors/docker/remove-container.ts";
import { engineHarness } from "./executors/docker/testing/engine-harness.ts";
import { assignmentOf } from "./testing/assignments.ts";
import { killNode, startNode } from "./testing/node-process.ts";

const harness = await engineHarness("flood");
const { missing } = harness;
const title = `a container that floods its output${missing === undefined ? "" : ` (skipped: ${missing})`}`;
const mebibyte = 1024 ** 2;
// Written within seconds, and more than the node may buffer in the meantime.
const limitBytes = 250 * mebibyte;
const growthMaxBytes = 150 * mebibyte;
// Lines of 8 KB: with lines of one letter the engine's own log takes most of the time.
const overflow = 'w=$(head -c 8000 /dev/zero | tr "\\000" x); yes $w & yes $w >&2';

/** The peak resident memory of a process, in bytes. */
async function peakBytes({ pid }: ChildProcess): Promise<number> {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}

describe.skipIf(missing !== undefined)(title, () => {
  const nodeId = `n-flood-${process.pid}`;
  let root = "";
  let server: RunningServer;
  let requester: NatsRequesterPorts;
  let node: ChildProcess;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-flood-"));
    server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
    const silent = { onParked: () => {} };
    requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      requesterId: "r-1",
      replicas: 1,
      servers: [server.url],
      ...silent,
    });
    const connection = { "nats.url": server.url, "log.level": "error", "wasm.poolSize": 0 };
    node = await startNode({ nodeId, dataDir: join(root, "node"), ...connection, "output.limitBytes": limitBytes });
  });
  afterAll(async () => {
    if (node !== undefined) await killNode(node);
    const left = await harness.engine.listContainers({ all: true, filters: { label: [`shoal.node=${nodeId}`] } });
    for (const { Id } of left) await removeContainer(harness.engine, systemClock(), Id);
    await requester?.close();
    await server?.stop();
    await harness.close();
    await rm(root, { recursive: true, force: true });
  });

  it("is ended at its limit, and does not use the node's memory", async () => {
    const before = await peakBytes(node);
    const over = Promise.withResolvers<Report["saw"]>();
    const assignment = assignmentOf({
      nodeId,
      jobId: `j-${nodeId}`,
      assignedAt: Date.now(),
      task: {
        engine: { type: "docker", params: { Image: harness.image, Entrypoint: ["/bin/sh", "-c", overflow] } },
        network: { type: "none" },
      },
    });
    await requester.reports.follow(shardOf(assignment.jobId), 0, ({ report: { saw } }) => {
      if (saw.kind === "completed" || saw.kind === "failed") over.resolve(saw);
    });
    await requester.views.assignments.put(`${nodeId}.${assignment.executionId}`, assignment);
    const end = await over.promise;
    expect(end).toMatchObject({ kind: "failed", code: "OUTPUT_TOO_LARGE" });
    expect((await peakBytes(node)) - before).toBeLessThan(growthMaxBytes);
    const label = [`shoal.node=${nodeId}`];
    const left = async () => (await harness.engine.listContainers({ all: true, filters: { label } })).length;
    await expect.poll(left, { timeout: 30_000 }).toBe(0);
  }, 120_000);
});
