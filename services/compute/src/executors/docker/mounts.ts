import { chmod, copyFile, link, lstat, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import type { MountSettings } from "dockerode";
import { descriptorPath, type HeldPath, isAt } from "../../held-path.ts";
import type { Input, Workload } from "../executor.ts";

// Without capabilities even root in a container cannot read files of another user or write into a folder. Only the
// container sees these folders: the folder above them belongs to the node and is closed.
const outputMode = 0o777;
const fileMode = 0o444;
const folderMode = 0o555;
const anyExecution = 0o111;
// One GiB: copied within some seconds, each time a task requests it.
const copiedBytesMax = 1024 ** 3;

/** How an input is mounted: by its path, or by the file descriptor that this process holds. */
export type MountWay = "path" | "descriptor";

/**
 * How an input reaches a container. A path that only root and this node's user can change is mounted by its name. Any
 * other path may be a link elsewhere by the time the engine resolves it, so the open descriptor is mounted. Files that
 * are not held are in the node's own folder.
 */
export function mountWay({ held }: Pick<Input, "held">): MountWay {
  return held === undefined || held.steady || held.kind === "file" ? "path" : "descriptor";
}

/** The path of a descriptor of this process, for a process that shares its view of /proc. */
export const descriptorDevice = (fd: number): string => `/proc/${process.pid}/fd/${fd}`;

/**
 * The mounts of a workload. Mounts instead of the older binds: binds split a path at a colon, and create a missing folder
 * instead of failing. Throws a Fault ENGINE_FAILED for an input that cannot be mounted as it was checked.
 */
export async function mountsOf(workload: Workload): Promise<MountSettings[]> {
  const mounts: MountSettings[] = [];
  for (const [index, input] of workload.inputs.entries()) {
    if (input.held === undefined) await openToAll(input.hostPath);
    mounts.push(await inputMount(input, join(workload.folder, `held-${index}`)));
  }
  for (const { hostPath, path } of workload.outputs) {
    await chmod(hostPath, outputMode);
    mounts.push(bind(hostPath, path, false));
  }
  return mounts;
}

async function inputMount(input: Input, ownPath: string): Promise<MountSettings> {
  const { held, hostPath, target, readOnly } = input;
  if (mountWay(input) === "descriptor" && held !== undefined) return heldFolder(held, target, readOnly);
  if (held === undefined || held.steady) return bind(hostPath, target, readOnly);
  await placeHeldFile(held, ownPath, readOnly);
  return bind(ownPath, target, readOnly);
}

/**
 * Lets every user of the container read what the node has fetched for it alone; links are unchanged. The engine refuses
 * what is missing.
 */
async function openToAll(path: string): Promise<void> {
  const stats = await lstat(path).catch(unlessMissing);
  if (stats === undefined) return;
  if (stats.isFile()) {
    await chmod(path, stats.mode | fileMode | ((stats.mode & anyExecution) === 0 ? 0 : anyExecution));
  } else if (stats.isDirectory()) {
    await chmod(path, stats.mode | folderMode);
    for (const name of await readdir(path)) await openToAll(join(path, name));
  }
}

function unlessMissing(failure: unknown): undefined {
  if (!(failure instanceof Error && "code" in failure && failure.code === "ENOENT")) throw failure;
}

function bind(source: string, target: string, readOnly: boolean): MountSettings {
  return { Type: "bind", Source: source, Target: target, ReadOnly: readOnly };
}

/**
 * An anonymous volume, which is removed with its container. The engine binds this process's descriptor in its own mount
 * namespace; the system refuses that when the two namespaces differ. A container's process, in its namespace, could
 * never bind a descriptor.
 */
function heldFolder({ fd }: HeldPath, target: string, readOnly: boolean): MountSettings {
  const options = { type: "none", o: readOnly ? "rbind,ro" : "rbind", device: descriptorDevice(fd) };
  const DriverConfig = { Name: "local", Options: options };
  // NoCopy: the image's files at the target must not be copied into the host's folder.
  const VolumeOptions = { NoCopy: true, Labels: {}, DriverConfig };
  return { Type: "volume", Source: "", Target: target, VolumeOptions };
}

/**
 * Puts the held file into the execution's own folder, which only the node can write: as a hard link, or, where that
 * fails and the task only reads the file, as a copy.
 */
async function placeHeldFile(held: HeldPath, path: string, readOnly: boolean): Promise<void> {
  await rm(path, { force: true });
  const why = await link(held.realPath, path).then(
    async () => ((await isAt(path, held)) ? undefined : "it was replaced after the check"),
    (failure: unknown) => causeOf(failure).why,
  );
  if (why === undefined) return;
  await rm(path, { force: true });
  const readable = descriptorPath(held.fd);
  if (readOnly && (await stat(readable)).size <= copiedBytesMax) return copyFile(readable, path);
  throw new Fault(
    "ENGINE_FAILED",
    `${held.realPath} cannot be mounted as it was checked (${why}): mount its folder instead, or let only root write to the folders above it`,
  );
}
