import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { type Report, shardOf } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeContainer } from "./executors/docker/remove-container.ts";
import { engineHarness } from "./executors/docker/testing/engine-harness.ts";
import { unpack } from "./publishers/testing/unpack.ts";
import { assignmentOf } from "./testing/assignments.ts";
import { killNode, startNode } from "./testing/node-process.ts";

const harness = await engineHarness("restart");
const nodeId = `n-restart-${process.pid}`;
const title = `a node that is killed${harness.missing === undefined ? "" : ` (skipped: ${harness.missing})`}`;

describe.skipIf(harness.missing !== undefined)(title, () => {
  let root = "";
  let server: RunningServer;
  let requester: NatsRequesterPorts;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-restart-"));
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
    await requester.ensureResultsBucket(nodeId);
  });
  afterAll(async () => {
    for (const child of children) await killNode(child);
    const left = await harness.engine.listContainers({ all: true });
    for (const { Id, Labels } of left) {
      if (Object.values(Labels).includes(nodeId)) await removeContainer(harness.engine, systemClock(), Id);
    }
    await requester?.close();
    await server?.stop();
    await harness.close();
    await rm(root, { recursive: true, force: true });
  });

  it("finds its container: started once, with its output, its results and its end", async () => {
    const shared = join(root, "shared");
    await mkdir(shared);
    const flags = {
      nodeId,
      dataDir: join(root, "node"),
      "nats.url": server.url,
      "log.level": "warn",
      "wasm.poolSize": 0,
      allowListedLocalPaths: `${shared}/**`,
    };
    const saws: Report["saw"][] = [];
    const begun = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const script =
      "echo begun; until [ -e /shared/go ]; do sleep 0.1; done; echo $SHOAL_EXECUTION_ID > /out/id; exit 4";
    const assignment = assignmentOf({
      nodeId,
      task: {
        engine: { type: "docker", params: { Image: harness.image, Entrypoint: ["/bin/sh", "-c", script] } },
        inputSources: [{ source: { type: "local", params: { SourcePath: `${shared}/` } }, target: "/shared" }],
        resultPaths: [{ name: "made", path: "/out" }],
        publisher: { type: "nats" },
        network: { type: "none" },
      },
    });
    await requester.reports.follow(shardOf(assignment.jobId), 0, ({ report: { saw } }) => {
      saws.push(saw);
      if (saw.kind === "running") begun.resolve();
      if (saw.kind === "completed" || saw.kind === "failed") over.resolve();
    });
    const first = await startNode(flags);
    children.push(first);
    await requester.views.assignments.put(`${nodeId}.${assignment.executionId}`, assignment);
    await Promise.race([begun.promise, over.promise]);
    await killNode(first);
    children.push(await startNode(flags));
    await writeFile(join(shared, "go"), "");
    await over.promise;
    const last = saws.at(-1);
    expect(last).toMatchObject({ kind: "completed", output: { exitCode: 4, stdout: "begun\n" } });
    const params = last?.kind === "completed" ? last.result?.params : undefined;
    const saved = await (await requester.results(nodeId)).get(String(params?.["Object"]));
    const files = await unpack(await new Response(saved?.bytes ?? null).bytes());
    expect(Object.fromEntries(files)).toEqual({
      stdout: "begun\n",
      stderr: "",
      exitCode: "4",
      "made/id": `${assignment.executionId}\n`,
    });
  });
});
