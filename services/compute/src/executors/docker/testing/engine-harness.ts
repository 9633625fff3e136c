import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@shoal/core";
import { engineParams } from "@shoal/proto";
import Docker from "dockerode";
import { buildBusyboxImage } from "../../../../../../test/images/busybox-image.ts";
import type { Reach } from "../../../outbound/reach.ts";
import { removeTree } from "../../../workspace/remove-tree.ts";
import type { Executor, Workload } from "../../executor.ts";
import { type ContainerSettings, containerDefaults } from "../container-settings.ts";
import { docker } from "../docker.ts";
import { statusOf } from "../engine-fault.ts";
import type { ContainerOwner } from "../ownership.ts";
import type { CredentialSources } from "../registry-credentials.ts";

export const enginePath = "/var/run/docker.sock";

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at: (at, callback) => {
    const timer = setTimeout(callback, Math.max(0, at - Date.now()));
    return () => clearTimeout(timer);
  },
};

/** A workload that records its output. */
export interface RecordedWorkload extends Workload {
  readonly printed: (stream: "stdout" | "stderr") => string;
}

/** The node of an executor in this harness, and the node's settings. */
export interface HarnessNode {
  readonly node?: string;
  /** Instance id of the data directory; the same over restarts. */
  readonly instance?: string;
  readonly settings?: Partial<ContainerSettings>;
  readonly socketPath?: string;
  readonly clock?: Clock;
  readonly reach?: Reach;
  readonly credentials?: CredentialSources;
}

/** A real engine with an image for this file only, and workloads for it. */
export interface EngineHarness {
  /** Why the tests cannot run; undefined when they can. */
  readonly missing: string | undefined;
  readonly engine: Docker;
  readonly image: string;
  /** An executor of one of the harness's nodes; each call is another process. */
  executor(options?: HarnessNode): Executor;
  workload(params: object, more?: Partial<Workload>): RecordedWorkload;
  /** A folder of this harness. */
  folder(name: string): Promise<string>;
  /** Removes every container, then the image and the folders. */
  close(): Promise<void>;
}

const resources = { cpuCores: 1, memoryBytes: 64 * 1024 * 1024, diskBytes: 0 };

export async function engineHarness(name: string): Promise<EngineHarness> {
  const engine = new Docker({ socketPath: enginePath });
  const image = `shoal-test/${name}:${process.pid}`;
  const missing = await whatIsMissing(engine, image);
  // Created at its first use: when every test is skipped, nothing would remove it.
  const root = join(tmpdir(), `shoal-docker-${name}-${process.pid}`);
  const nodes = new Map<string, ContainerOwner>();
  const executors: Executor[] = [];
  return {
    missing,
    engine,
    image,
    executor: ({ node = "n-1", instance = "i-1", settings, ...more } = {}) => {
      const owner = { nodeId: `${node}-${name}-${process.pid}`, instanceId: instance };
      const ports = { socketPath: enginePath, clock: systemClock, ...more };
      const executor = docker({ ...owner, ...ports, settings: { ...containerDefaults, ...settings } });
      nodes.set(`${owner.nodeId}/${instance}`, owner);
      executors.push(executor);
      return executor;
    },
    workload: workloadMaker(`e-${name}-${process.pid}`, image, root),
    folder: async (child) => {
      const path = join(root, child);
      await mkdir(path, { recursive: true });
      return path;
    },
    close: async () => {
      for (const owner of nodes.values())
        await docker({ ...owner, socketPath: enginePath, clock: systemClock }).sweep(new Set());
      for (const executor of executors) await executor.close();
      if (missing === undefined) await engine.getImage(image).remove({ force: true }).catch(unlessGone);
      await removeTree(root);
    },
  };
}

function workloadMaker(idPrefix: string, image: string, folder: string): EngineHarness["workload"] {
  let serial = 0;
  return (desired, more = {}) => {
    const printed = { stdout: "", stderr: "" };
    serial += 1;
    return {
      id: `${idPrefix}-${serial}`,
      jobId: "j-1",
      namespace: "default",
      nodeId: "n-1",
      params: engineParams.docker.parse({ Image: image, ...desired }),
      env: {},
      inputs: [],
      outputs: [],
      resources,
      network: "none",
      folder,
      output: (stream, chunk) => {
        printed[stream] += Buffer.from(chunk).toString();
      },
      printed: (stream) => printed[stream],
      ...more,
    };
  };
}

function unlessGone(failure: unknown): void {
  if (statusOf(failure) !== 404) throw failure;
}

async function whatIsMissing(engine: Docker, image: string): Promise<string | undefined> {
  const missing = await docker({
    nodeId: "any",
    instanceId: "any",
    socketPath: enginePath,
    clock: systemClock,
  }).unavailable();
  const built = missing === undefined ? await buildBusyboxImage(engine, image) : { image: undefined, why: missing };
  if (built.image !== undefined) return undefined;
  if (process.env["CI"]) throw new Error(`no test may be skipped on CI, and this is missing: ${built.why}`);
  return built.why;
}
