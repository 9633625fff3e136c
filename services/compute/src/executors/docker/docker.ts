import { setMaxListeners } from "node:events";
import type { Clock } from "@shoal/core";
import { engineParams } from "@shoal/proto";
import type Docker from "dockerode";
import type { Reach } from "../../outbound/reach.ts";
import type { Executor, Running, Workload } from "../executor.ts";
import { availability } from "./availability.ts";
import { type ContainerSettings, containerDefaults } from "./container-settings.ts";
import { engineFault } from "./engine-fault.ts";
import { type EngineReader, engineReader } from "./engine-reader.ts";
import { type HttpGateways, httpGateways } from "./http-gateway.ts";
import { enginePlatform } from "./image-platform.ts";
import { launcher } from "./launcher.ts";
import { attachedOutput, loggedOutput, type OutputStream } from "./output-stream.ts";
import { type OwnedContainer, type Ownership, ownership } from "./ownership.ts";
import { platformCheck } from "./platform-check.ts";
import { type PullLimits, pullDefaults, pulls } from "./pulls.ts";
import { type CredentialSources, type RegistryCredentials, registryCredentials } from "./registry-credentials.ts";
import { removeContainer } from "./remove-container.ts";
import { watch } from "./watch.ts";
import { callLimitMs, within } from "./within.ts";

export interface DockerOptions {
  /** Only containers that carry both ids are touched; nodes of several clusters may share an engine. */
  readonly nodeId: string;
  readonly instanceId: string;
  readonly settings?: ContainerSettings;
  readonly pulling?: PullLimits;
  /** Where the logins for registries are; none when left out. */
  readonly credentials?: CredentialSources;
  /** The engine's socket; the engine's default on Linux when it is omitted. */
  readonly socketPath?: string;
  /** The addresses of this machine that tasks with network `http` may reach; none when left out. */
  readonly reach?: Reach;
  readonly clock: Clock;
}

const noReach: Reach = { loopback: false, linkLocal: false };
const defaultSocketPath = "/var/run/docker.sock";
// Containers removed concurrently: more of them only queue inside the engine.
const removalsAtOnce = 8;
// States in which the program has run or runs. In the others it never started ("created") or is being removed
// ("removing").
const begun: readonly string[] = ["running", "paused", "restarting", "exited", "dead"];

/**
 * Runs containers on a Docker engine. The engine keeps a container, its exit and its output until `sweep` is called
 * without its id. After a crash at any line, the next process finds with `attach` what was started, and `sweep` removes
 * what no execution needs: call it once an execution is settled. `close` releases the containers without ending them;
 * an exit that has not settled by then never settles.
 */
export function docker(options: DockerOptions): Executor {
  const { clock, socketPath = defaultSocketPath, settings: { diskLimit } = containerDefaults } = options;
  const read = engineReader(socketPath);
  const own = ownership(read, options);
  const credentials = registryCredentials(options.credentials ?? { file: "" });
  const check = platformCheck({ read, clock, credentials });
  const closed = new AbortController();
  // At least one listener for each running workload: the node's capacity bounds their number.
  setMaxListeners(0, closed.signal);
  const parts = { own, read, credentials, closed: closed.signal };
  const client = askedOnce(() => loadClient({ ...options, socketPath }, parts));
  const remove = async ({ id }: OwnedContainer) => removeContainer((await client()).engine, clock, id);
  const find = (executionId?: string): Promise<readonly OwnedContainer[]> =>
    within(own.containers(executionId), { clock, limitMs: callLimitMs, what: "listing containers" }).catch(
      rethrown(`listing the containers of ${options.nodeId}`),
    );
  const follow = ({ engine, gateways }: EngineClient, containerId: string, given: Followed): Running => {
    const watchesDisk = diskLimit === "watch" && given.workload.resources.diskBytes > 0;
    const running = watch({ docker: engine, clock, containerId, watchesDisk, ...given, closed: closed.signal });
    if (given.workload.network === "http") void running.exit.then(() => gateways.close(given.workload));
    return running;
  };
  return {
    name: "docker",
    params: engineParams.docker,
    remembers: true,
    networking: ["http", "ports"],
    refuses: (params) => check(engineParams.docker.parse(params).Image),
    unavailable: () => availability(read, socketPath, clock),
    start: async (workload, signal) => {
      const loading = await client();
      const { containerId, image, output } = await loading.launch(workload, signal);
      return { ...follow(loading, containerId, { workload, outputStream: attachedOutput(output) }), image };
    },
    attach: async (workload) => {
      const found = await find(workload.id);
      const live = found.find(({ state, isGateway }) => begun.includes(state) && !isGateway);
      if (live !== undefined) {
        const loading = await client();
        if (workload.network === "http") await loading.gateways.reopen(workload);
        const running = follow(loading, live.id, { workload, outputStream: loggedOutput(loading.engine, live.id) });
        return { ...running, image: live.image };
      }
      // A process died between creating and starting the container. Removed, it cannot start late, so the workload may be
      // started again.
      await Promise.all(found.map(remove));
      return undefined;
    },
    sweep: async (keep) => {
      const left = (await find()).filter(({ executionId }) => !keep.has(executionId));
      await removeAll(left, remove);
    },
    close: async () => closed.abort(),
  };
}

const rethrown = (action: string) => (failure: unknown) => {
  throw engineFault(failure, action);
};

/** Removes containers; one that cannot be removed does not block the others. */
async function removeAll(
  left: readonly OwnedContainer[],
  remove: (one: OwnedContainer) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (let at = 0; at < left.length; at += removalsAtOnce) {
    const ends = await Promise.allSettled(left.slice(at, at + removalsAtOnce).map(remove));
    failures.push(...ends.filter((end) => end.status === "rejected").map(({ reason }) => reason));
  }
  if (failures.length > 0) throw failures[0];
}

interface Followed {
  readonly workload: Workload;
  readonly outputStream: OutputStream;
}

interface EngineParts {
  readonly own: Ownership;
  readonly read: EngineReader;
  readonly credentials: RegistryCredentials;
  readonly closed: AbortSignal;
}

interface EngineClient {
  readonly engine: Docker;
  readonly gateways: HttpGateways;
  readonly launch: ReturnType<typeof launcher>;
}

/** Loads the client library, with the first container that is touched (see `engineReader`). */
async function loadClient(options: DockerOptions, parts: EngineParts): Promise<EngineClient> {
  const { own, read, credentials, closed } = parts;
  const { clock, socketPath, settings = containerDefaults, pulling = pullDefaults } = options;
  const { default: Client } = await import("dockerode");
  const engine = new Client({ socketPath });
  const images = pulls(engine, clock, { ...pulling, credentials });
  const shared = { docker: engine, clock, own };
  const gateways = httpGateways({ ...shared, reach: options.reach ?? noReach });
  closed.addEventListener("abort", gateways.release);
  return {
    engine,
    gateways,
    launch: launcher({ ...shared, images, settings, gateways, platform: askedOnce(() => enginePlatform(read)) }),
  };
}

/** Asks once; after a failure, again. */
function askedOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask().catch((failure: unknown) => {
      answer = undefined;
      throw failure;
    });
    return answer;
  };
}
