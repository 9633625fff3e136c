import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { type Assignment, type Report, shardOf } from "@shoal/proto";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImageRegistry, imageRegistry } from "../../../test/images/image-registry.ts";
import { removeContainer } from "./executors/docker/remove-container.ts";
import { engineHarness, enginePath } from "./executors/docker/testing/engine-harness.ts";
import { type Rewriting, type SeverableSocket, severableSocket } from "./executors/docker/testing/severable-socket.ts";
import { assignmentOf } from "./testing/assignments.ts";
import { killNode, startNode } from "./testing/node-process.ts";

const harness = await engineHarness("phases");
const { engine, missing } = harness;
const title = `a node that is killed${missing === undefined ? "" : ` (skipped: ${missing})`}`;

/** How an execution is stopped in a phase of its life, so that its node can be killed there. */
interface Phase {
  /** Intercepts the traffic with the engine; `reached` is called when the phase has begun. */
  readonly engine?: (reached: () => void) => Rewriting;
  /** The report with which the phase begins. */
  readonly report?: Report["saw"]["kind"];
  /** Resolves when the phase has begun, where neither engine nor report shows it. */
  readonly until?: (stage: Stage) => Promise<void>;
  /** The image is in a registry that answers only after the node has restarted. */
  readonly pulls?: true;
  /** One input is an archive that takes some time to unpack. */
  readonly unpacks?: true;
  /** The container waits until the node has restarted. */
  readonly waits?: true;
  /** The results take some time to publish. */
  readonly large?: true;
  /** Containers that exist after the node has been killed. */
  readonly left: readonly string[];
}

interface Stage {
  readonly dataDir: string;
  readonly executionId: string;
}

/** Calls `reached` and holds the bytes back. */
const hold = (pattern: RegExp, reached: () => void) => (chunk: string) => {
  if (!pattern.test(chunk)) return chunk;
  reached();
  return "";
};

const start = /^POST \S*\/containers\/\w+\/start/;
const refused = /^HTTP\/1.1 [45]/;

const phases: Readonly<Record<string, Phase>> = {
  "brings inputs in": {
    unpacks: true,
    until: async ({ dataDir, executionId }) => {
      const folder = join(dataDir, "executions", executionId, "inputs", "0");
      const files = () => readdir(folder, { recursive: true }).catch(() => []);
      await expect.poll(async () => (await files()).length, { interval: 5, timeout: 30_000 }).toBeGreaterThan(5);
    },
    left: [],
  },
  "pulls the image": {
    pulls: true,
    until: async () => {
      await expect.poll(() => [...registry.asked.keys()].join(), { timeout: 30_000 }).toContain("/manifests/");
    },
    left: [],
  },
  "makes the container": {
    engine: (reached) => ({ ask: hold(/^POST \S*\/containers\/create/, reached) }),
    left: [],
  },
  "has made the container and not started it": {
    engine: (reached) => ({ ask: hold(start, reached) }),
    left: ["created"],
  },
  "has started the container and does not know it": {
    engine: (reached) => {
      // Other calls have the same answer, before the start and after one that the engine refuses: with lower limits
      // than asked for it refuses the first, and the node removes that container and starts another.
      let asked = false;
      return {
        ask: (chunk) => {
          asked ||= start.test(chunk);
          return chunk;
        },
        answer: (chunk) => {
          if (asked && refused.test(chunk)) asked = false;
          return asked ? hold(/^HTTP\/1.1 204/, reached)(chunk) : chunk;
        },
      };
    },
    waits: true,
    left: ["running"],
  },
  "waits for its end": { report: "running", waits: true, left: ["running"] },
  "does not know that it has ended": {
    engine: (reached) => ({ answer: hold(/"StatusCode"/, reached) }),
    left: ["exited"],
  },
  "publishes its results": { report: "publishing", large: true, left: ["exited"] },
};

// Files of an archive that takes a good second to unpack, within the limit of one archive.
const archivedFiles = 9_000;
// 32 MiB that do not compress: some seconds of packing.
const large = "dd if=/dev/urandom of=/out/large bs=1048576 count=32 2>/dev/null; ";

let root = "";
let server: RunningServer;
let requester: NatsRequesterPorts;
let registry: ImageRegistry;
let archive = "";
const children: ChildProcess[] = [];

async function archiveUrl(): Promise<string> {
  const entries = pack();
  for (let file = 0; file < archivedFiles; file += 1) entries.entry({ name: `f${file}` }, "");
  entries.finalize();
  return `data:application/gzip;base64,${(await buffer(entries.pipe(createGzip()))).toString("base64")}`;
}

function assignmentFor(nodeId: string, shared: string, phase: Phase): Assignment {
  const wait = phase.waits ? "until [ -e /shared/go ]; do sleep 0.1; done; " : "";
  const script = `echo run >> /shared/runs; ${wait}${phase.large ? large : ""}echo said; echo made > /out/made; exit 4`;
  const folder = { source: { type: "local", params: { SourcePath: shared, ReadWrite: true } }, target: "/shared" };
  const files = { source: { type: "inline", params: { URL: archive } }, target: "/files" };
  return assignmentOf({
    nodeId,
    jobId: `j-${nodeId}`,
    assignedAt: Date.now(),
    task: {
      engine: {
        type: "docker",
        params: { Image: phase.pulls ? registry.image : harness.image, Entrypoint: ["/bin/sh", "-c", script] },
      },
      inputSources: phase.unpacks ? [files, folder] : [folder],
      resultPaths: [{ name: "made", path: "/out" }],
      publisher: { type: "nats" },
      network: { type: "none" },
    },
  });
}

const containersOf = async (nodeId: string): Promise<readonly string[]> => {
  const label = [`shoal.node=${nodeId}`];
  return (await engine.listContainers({ all: true, filters: { label } })).map(({ State }) => State);
};

/** Starts a node, gives it the assignment and resolves once the phase has begun and the node has been killed in it. */
async function killIn(phase: Phase, at: { flags: { dataDir: string }; assignment: Assignment; seen: Seen }) {
  const { flags, assignment, seen } = at;
  const { nodeId, executionId } = assignment;
  const reached = Promise.withResolvers<void>();
  let socket: SeverableSocket | undefined;
  if (phase.engine !== undefined)
    socket = await severableSocket(join(flags.dataDir, "s"), enginePath, phase.engine(reached.resolve));
  if (phase.pulls) registry.bidServer("/manifests/");
  if (phase.report !== undefined) void seen.first(phase.report).then(() => reached.resolve());
  const node = await startNode({ ...flags, ...(socket === undefined ? {} : { "docker.socket": socket.path }) });
  children.push(node);
  await requester.views.assignments.put(`${nodeId}.${executionId}`, assignment);
  await (phase.until?.({ dataDir: flags.dataDir, executionId }) ?? reached.promise);
  await killNode(node);
  await socket?.sever();
}

/** The node's reports of one execution. */
interface Seen {
  readonly saws: readonly Report["saw"][];
  /** Resolves with the first report of a kind, including one that has already arrived. */
  first(kind: Report["saw"]["kind"]): Promise<Report["saw"]>;
}

async function follow({ jobId, executionId }: Assignment): Promise<Seen> {
  const saws: Report["saw"][] = [];
  const waiting = new Set<() => void>();
  await requester.reports.follow(shardOf(jobId), 0, (received) => {
    if (received.executionId !== executionId) return;
    saws.push(received.report.saw);
    for (const check of waiting) check();
  });
  return {
    saws,
    first: (kind) =>
      new Promise((resolve) => {
        const check = () => {
          const saw = saws.find((each) => each.kind === kind);
          if (saw !== undefined) resolve(saw);
        };
        waiting.add(check);
        check();
      }),
  };
}

describe.skipIf(missing !== undefined)(title, () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-phases-"));
    registry = await imageRegistry(engine, harness.image);
    archive = await archiveUrl();
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
    // Every execution that the node asks about is still assigned to it.
    await requester.bidClient.onConfirm(async (_nodeId, { executions }) => ({
      verdicts: executions.map(({ executionId }) => ({ executionId, holds: true, recordedUpTo: 0 })),
    }));
  });
  afterAll(async () => {
    for (const child of children) await killNode(child);
    for (const { Id, Labels } of await engine.listContainers({ all: true, filters: { label: ["shoal.node"] } }))
      if (Labels["shoal.node"]?.startsWith("n-phase-")) await removeContainer(engine, systemClock(), Id);
    await engine
      .getImage(registry?.image ?? "")
      .remove({ force: true })
      .catch(() => {});
    await registry?.close();
    await requester?.close();
    await server?.stop();
    await harness.close();
    await rm(root, { recursive: true, force: true });
  });

  it.each(Object.entries(phases))(
    "while it %s, runs the task once, reports its end and leaves nothing behind",
    async (name, phase) => {
      const index = Object.keys(phases).indexOf(name);
      const nodeId = `n-phase-${index}-${process.pid}`;
      const [dataDir, shared] = [join(root, `node-${index}`), join(root, `shared-${index}`)];
      await mkdir(dataDir);
      await mkdir(shared);
      await requester.ensureResultsBucket(nodeId);
      const connection = { "nats.url": server.url, "log.level": "error", "wasm.poolSize": 0 };
      const flags = { nodeId, dataDir, ...connection, allowListedLocalPaths: `${shared}:rw` };
      const assignment = assignmentFor(nodeId, shared, phase);
      const seen = await follow(assignment);
      await killIn(phase, { flags, assignment, seen });
      expect(await containersOf(nodeId)).toEqual(phase.left);
      expect(seen.saws.filter(({ kind }) => kind === "completed" || kind === "failed")).toEqual([]);
      registry.resume();
      const next = await startNode(flags);
      children.push(next);
      await writeFile(join(shared, "go"), "");
      const end = await Promise.race([seen.first("completed"), seen.first("failed")]);
      expect(end).toMatchObject({ kind: "completed", output: { exitCode: 4, stdout: "said\n" } });
      expect(await readFile(join(shared, "runs"), "utf8")).toBe("run\n");
      await expect.poll(() => containersOf(nodeId), { timeout: 30_000 }).toEqual([]);
      await expect.poll(() => readdir(join(dataDir, "executions")), { timeout: 30_000 }).toEqual([]);
      await killNode(next);
    },
    120_000,
  );
});
