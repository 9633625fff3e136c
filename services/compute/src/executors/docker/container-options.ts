import type { ContainerCreateOptions, HostConfig, MountSettings } from "dockerode";
import type { Work } from "../executor.ts";
import { DockerParams } from "./params.ts";

// The most processes and threads of one container: what Kubernetes distributions commonly allow a pod.
const processesMax = 4096;
// What the engine keeps of a container's output, for a node that comes back: two files of 64 MiB. Older output is lost to it.
const logFileBytes = "64m";
const logFiles = "2";
// The engine's own least share of a core; less is refused.
const coresMin = 0.01;
const nanosPerCore = 1e9;

/**
 * What the engine is told to make for this work. The disk is not limited by it: most of its storage drivers cannot. Everything
 * runs as the user that the image names, so files in outputs may belong to root.
 */
export function containerOptions(work: Work, identity: Pick<ContainerCreateOptions, "name" | "Labels">, init: boolean) {
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
    HostConfig: hostConfig(work, init),
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

function hostConfig(work: Work, init: boolean): HostConfig {
  const { cpuCores, memoryBytes } = work.resources;
  return {
    // Zero means "no limit" to the engine as it does here.
    NanoCpus: cpuCores > 0 ? Math.round(Math.max(cpuCores, coresMin) * nanosPerCore) : 0,
    Memory: memoryBytes,
    // The same as Memory: no swap beside it, else the limit would be twice what was asked for.
    MemorySwap: memoryBytes,
    PidsLimit: processesMax,
    NetworkMode: work.network,
    Mounts: mounts(work),
    Init: init,
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    // The engine's own set lets ordinary images install packages, change users and bind low ports. Two of it go: forging packets on a
    // network shared with other containers (ping works without), and making device files.
    CapDrop: ["NET_RAW", "MKNOD"],
    LogConfig: { Type: "json-file", Config: { "max-size": logFileBytes, "max-file": logFiles } },
    RestartPolicy: { Name: "no" },
    // Its exit is still to be read, perhaps by the node's next process: only `sweep` removes.
    AutoRemove: false,
  };
}

/** Mounts, not the older binds: those split at a colon in a path, and make a missing folder instead of saying so. */
function mounts(work: Work): MountSettings[] {
  const inputs = work.inputs.map(({ hostPath, target, readOnly }) => bind(hostPath, target, readOnly));
  const outputs = work.outputs.map(({ hostPath, path }) => bind(hostPath, path, false));
  return [...inputs, ...outputs];
}

function bind(source: string, target: string, readOnly: boolean): MountSettings {
  return { Type: "bind", Source: source, Target: target, ReadOnly: readOnly };
}
