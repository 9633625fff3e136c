import type { ContainerCreateOptions, HostConfig, MountSettings } from "dockerode";
import type { Work } from "../executor.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { DockerParams } from "./params.ts";

// The most processes and threads of one container: what Kubernetes distributions commonly allow a pod.
const processesMax = 4096;
// What the engine keeps of a container's output, for a node that comes back: two files of 64 MiB. Older output is lost to it.
const logFileBytes = "64m";
const logFiles = "2";
// The engine's own least share of a core; less is refused.
const coresMin = 0.01;
const nanosPerCore = 1e9;
// Where the image's own files cannot be written: 64 MiB of memory that programs take for temporary files, counted as the task's.
const temporaryFolder = "/tmp";
const temporaryOptions = "rw,nosuid,nodev,size=67108864,mode=1777";

/** What is decided about a container beside its work. */
export interface ContainerPlan {
  readonly identity: Pick<ContainerCreateOptions, "name" | "Labels">;
  readonly settings: ContainerSettings;
  readonly mounts: MountSettings[];
  /** Whether the engine puts its init process in front. */
  readonly init: boolean;
  /** Whether the engine is asked to limit the disk: only some of its storage drivers can. */
  readonly limitsDisk: boolean;
}

/**
 * What the engine is asked to make for this work. Unless the node's owner names a user, everything runs as the one that the image
 * names, so files in outputs may belong to root.
 */
export function containerOptions(work: Work, plan: ContainerPlan) {
  const { identity, settings } = plan;
  const params = DockerParams.parse(work.params);
  return {
    ...identity,
    Image: params.Image,
    // An empty list would be read as "none at all" by some engines; left out it means the image's own.
    ...(params.Entrypoint.length > 0 ? { Entrypoint: params.Entrypoint } : {}),
    ...(params.Parameters.length > 0 ? { Cmd: params.Parameters } : {}),
    ...(params.WorkingDirectory === "" ? {} : { WorkingDir: params.WorkingDirectory }),
    Env: environment(params.EnvironmentVariables, work.env),
    // Without a terminal stdout and stderr stay apart.
    Tty: false,
    // Nobody asks for a task's health: its checks would only run beside it.
    Healthcheck: { Test: ["NONE"] },
    ...(settings.user === "" ? {} : { User: settings.user }),
    HostConfig: hostConfig(work, plan),
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

function hostConfig(work: Work, { settings, mounts, init, limitsDisk }: ContainerPlan): HostConfig {
  const { cpuCores, memoryBytes, diskBytes } = work.resources;
  const mountsTemporary = mounts.some(({ Target }) => Target === temporaryFolder);
  return {
    // Zero means "no limit" to the engine as it does here.
    NanoCpus: cpuCores > 0 ? Math.round(Math.max(cpuCores, coresMin) * nanosPerCore) : 0,
    Memory: memoryBytes,
    // The same as Memory: no swap beside it, else the limit would be twice what was asked for.
    MemorySwap: memoryBytes,
    PidsLimit: processesMax,
    NetworkMode: work.network,
    Mounts: mounts,
    Init: init,
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    // Most programs need none: as root they still own what is root's, bind low ports and ping. Changing users or owners needs some back.
    CapDrop: ["ALL"],
    CapAdd: [...settings.capabilities],
    ReadonlyRootfs: settings.readOnlyRoot,
    ...(settings.readOnlyRoot && !mountsTemporary ? { Tmpfs: { [temporaryFolder]: temporaryOptions } } : {}),
    ...(limitsDisk && diskBytes > 0 ? { StorageOpt: { size: String(diskBytes) } } : {}),
    LogConfig: { Type: "json-file", Config: { "max-size": logFileBytes, "max-file": logFiles } },
    RestartPolicy: { Name: "no" },
    // Its exit is still to be read, perhaps by the node's next process: only `sweep` removes.
    AutoRemove: false,
  };
}
