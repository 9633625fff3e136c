import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, Fault } from "@shoal/core";
import type Docker from "dockerode";
import type { Workload } from "../executor.ts";
import { statusOf } from "./engine-fault.ts";
import { descriptorDevice, type MountWay, mountWay } from "./mounts.ts";
import { removeContainer } from "./remove-container.ts";
import { callLimitMs, within } from "./within.ts";

export interface SightOptions {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly labels: (workload: Workload) => Record<string, string>;
}

const refusals: Readonly<Record<MountWay, string>> = {
  path: "the engine does not see this node's files: only an engine on the same machine can mount a local input",
  descriptor:
    "others can replace the input at its path, and the engine cannot mount the open file because it runs in another process namespace: let only root write to the folders above it, or run the node beside the engine",
};

/**
 * Checks, before inputs of the host are mounted, that the engine sees the same files as this process: the engine
 * creates a container with a folder that only this process can have named, and refuses when the folder does not exist.
 * Checked once for each way of mounting; the container is never started. Throws a Fault ENGINE_FAILED, or the engine's
 * error.
 */
export function engineSight(options: SightOptions): (workload: Workload, image: string) => Promise<void> {
  const proven = new Set<MountWay>();
  return async (workload, image) => {
    const held = workload.inputs.filter((input) => input.held !== undefined);
    for (const way of new Set(held.map(mountWay))) {
      if (proven.has(way)) continue;
      await prove(options, { workload, image }, way);
      proven.add(way);
    }
  };
}

interface SightCheck {
  readonly workload: Workload;
  readonly image: string;
}

async function prove(
  { docker, clock, labels }: SightOptions,
  { workload, image }: SightCheck,
  way: MountWay,
): Promise<void> {
  // Named after the execution: no other process has such a folder, whatever its process id.
  const name = `seen-${workload.id}`;
  const folder = join(workload.folder, name);
  await mkdir(folder, { recursive: true });
  const handle = await open(workload.folder);
  try {
    const Source = way === "path" ? folder : `${descriptorDevice(handle.fd)}/${name}`;
    const Mounts = [{ Type: "bind" as const, Source, Target: "/seen", ReadOnly: true }];
    const made = docker.createContainer({
      Image: image,
      Cmd: ["/seen"],
      Labels: labels(workload),
      HostConfig: { Mounts, NetworkMode: "none" },
    });
    const { id } = await within(made, { clock, limitMs: callLimitMs, what: "checking what the engine sees" });
    await removeContainer(docker, clock, id);
  } catch (failure) {
    if (statusOf(failure) !== 400) throw failure;
    throw new Fault("ENGINE_FAILED", refusals[way], { cause: failure });
  } finally {
    await handle.close();
    await rm(folder, { recursive: true, force: true });
  }
}
