import type { PublishedPort } from "@shoal/proto";
import { engineParams } from "@shoal/proto";
import type { ContainerCreateOptions, HostConfig, MountSettings } from "dockerode";
import type { Workload } from "../executor.ts";
import type { ContainerSettings } from "./container-settings.ts";
import type { GpuOptions } from "./gpu-options.ts";
import type { GatewayNetwork } from "./http-gateway.ts";

// Limit of processes and threads in one container: what Kubernetes distributions commonly allow a pod.
const processesMax = 4096;
// Open files of one process: what servers are usually given. The kernel counts their memory as the container's.
const openFiles = { Name: "nofile", Soft: 65_536, Hard: 65_536 };
// A dump of memory would be written to the disk.
const noDumps = { Name: "core", Soft: 0, Hard: 0 };
// The engine's log of a container's output, for a node that restarts: two files of 64 MiB. Older output is lost to it.
const logFileBytes = "64m";
const logFiles = "2";
// The engine refuses a smaller share of a core.
const coresMin = 0.01;
const nanosPerCore = 1e9;
// With a read-only root file system: 64 MiB of memory for temporary files, counted as the task's.
const temporaryFolder = "/tmp";
const temporaryOptions = "rw,nosuid,nodev,size=67108864,mode=1777";

/** Settings of a container beside its workload. */
export interface ContainerPlan {
  readonly identity: Pick<ContainerCreateOptions, "name" | "Labels">;
  readonly settings: ContainerSettings;
  readonly mounts: MountSettings[];
  /** What runs: the image of the params, by its digest. */
  readonly image: string;
  /** The GPUs. */
  readonly gpus: GpuOptions;
  /** The gateway of network `http`. */
  readonly gateway?: GatewayNetwork;
  /** Whether the engine runs its init process as the first process. */
  readonly init: boolean;
  /** Whether the engine is asked to limit open files: one with a lower limit cannot, and passes its own on. */
  readonly limitsFiles: boolean;
  /** Whether the engine is asked to limit the disk: only some of its storage drivers can. */
  readonly limitsDisk: boolean;
}

/**
 * The options with which the engine creates the container of this workload. Unless the node's owner names a user, the
 * container runs as the user of its image, so files in outputs may belong to root.
 */
export function containerOptions(workload: Workload, plan: ContainerPlan) {
  const { identity, settings } = plan;
  const params = engineParams.docker.parse(workload.params);
  return {
    ...identity,
    Image: plan.image,
    // Some engines read an empty list as "none"; an omitted one means the image's.
    ...(params.Entrypoint.length > 0 ? { Entrypoint: params.Entrypoint } : {}),
    ...(params.Parameters.length > 0 ? { Cmd: params.Parameters } : {}),
    ...(params.WorkingDirectory === "" ? {} : { WorkingDir: params.WorkingDirectory }),
    Env: environment(params.EnvironmentVariables, { ...workload.env, ...plan.gateway?.env }),
    ...exposed(workload),
    // Without a terminal, stdout and stderr are separate streams.
    Tty: false,
    // No process reads a task's health: its checks would only use resources.
    Healthcheck: { Test: ["NONE"] },
    ...(settings.user === "" ? {} : { User: settings.user }),
    HostConfig: hostConfig(workload, plan),
  } satisfies ContainerCreateOptions;
}

function environment(listed: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const values = new Map<string, string>();
  for (const pair of listed) {
    const at = pair.indexOf("=");
    values.set(pair.slice(0, at), pair.slice(at + 1));
  }
  for (const [name, value] of Object.entries(env)) values.set(name, value);
  return [...values].map(([name, value]) => `${name}=${value}`);
}

// Without its gateway a workload with network `http` has no network.
const networks: Readonly<Record<Workload["network"], string>> = {
  none: "none",
  bridge: "bridge",
  host: "host",
  http: "none",
};

/** The ports that the engine publishes; with the host network the task listens on them itself. */
function exposed({ network, ports = [] }: Workload): Pick<ContainerCreateOptions, "ExposedPorts"> {
  if (network !== "bridge" || ports.length === 0) return {};
  return { ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])) };
}

function portBindings({ network, ports = [] }: Workload): Pick<HostConfig, "PortBindings"> {
  if (network !== "bridge" || ports.length === 0) return {};
  const binding = ({ address, hostPort }: PublishedPort) => [{ HostIp: address, HostPort: String(hostPort) }];
  return { PortBindings: Object.fromEntries(ports.map((port) => [portKey(port), binding(port)])) };
}

const portKey = ({ target, hostPort }: PublishedPort): string => `${target ?? hostPort}/tcp`;

function hostConfig(
  workload: Workload,
  { settings, mounts, init, limitsFiles, limitsDisk, gateway, gpus }: ContainerPlan,
): HostConfig {
  const { cpuCores, memoryBytes, diskBytes } = workload.resources;
  const mountsTemporary = mounts.some(({ Target }) => Target === temporaryFolder);
  return {
    // Zero means "no limit" for the engine, as it does here.
    NanoCpus: cpuCores > 0 ? Math.round(Math.max(cpuCores, coresMin) * nanosPerCore) : 0,
    Memory: memoryBytes,
    // Equal to Memory, so there is no swap; otherwise the limit would be twice the requested one.
    MemorySwap: memoryBytes,
    PidsLimit: processesMax,
    Ulimits: [noDumps, ...(limitsFiles ? [openFiles] : [])],
    NetworkMode: gateway === undefined ? networks[workload.network] : `container:${gateway.containerId}`,
    ...portBindings(workload),
    Mounts: mounts,
    ...gpus,
    Init: init,
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    // Most programs need no capabilities: as root they own root's files, bind low ports and ping. Changing users or
    // owners needs some of them.
    CapDrop: ["ALL"],
    CapAdd: [...settings.capabilities],
    ReadonlyRootfs: settings.readOnlyRoot,
    ...(settings.readOnlyRoot && !mountsTemporary ? { Tmpfs: { [temporaryFolder]: temporaryOptions } } : {}),
    ...(limitsDisk && diskBytes > 0 ? { StorageOpt: { size: String(diskBytes) } } : {}),
    LogConfig: { Type: "json-file", Config: { "max-size": logFileBytes, "max-file": logFiles } },
    RestartPolicy: { Name: "no" },
    // The exit is read later, perhaps by the node's next process: only `sweep` removes the container.
    AutoRemove: false,
  };
}
