import { chmod, copyFile, link, lstat, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import type { MountSettings } from "dockerode";
import { descriptorPath, type HeldPath, isAt } from "../../held-path.ts";
import type { Input, Work } from "../executor.ts";

// Without capabilities even root in a container may not look into files of another user, nor write into a folder. Only the container
// sees these: the folder above them is the node's own and closed.
const outputMode = 0o777;
const fileMode = 0o444;
const folderMode = 0o555;
const anyExecution = 0o111;
// A gibibyte: copied within some seconds, as often as a task asks for it.
const copiedBytesMax = 1024 ** 3;

/** How an input is mounted: by its path, or by the descriptor under which this process holds it. */
export type MountWay = "path" | "descriptor";

/**
 * How an input reaches a container. A path that only root and this node's user can change is named as it is. Any other may be a link to
 * somewhere else by the time the engine looks, so what is held is mounted. Files that are not held lie in the node's own folder.
 */
export function mountWay({ held }: Pick<Input, "held">): MountWay {
  return held === undefined || held.steady || held.kind === "file" ? "path" : "descriptor";
}

/** The path under which a process with the same view of processes finds what this one holds. */
export const descriptorDevice = (fd: number): string => `/proc/${process.pid}/fd/${fd}`;

/**
 * The mounts of a work. Mounts, not the older binds: those split at a colon in a path, and make a missing folder instead of saying
 * so. Throws a Fault ENGINE_FAILED for what cannot be mounted as it was judged.
 */
export async function mountsOf(work: Work): Promise<MountSettings[]> {
  const mounts: MountSettings[] = [];
  for (const [index, input] of work.inputs.entries()) {
    if (input.held === undefined) await openToAll(input.hostPath);
    mounts.push(await inputMount(input, join(work.folder, `held-${index}`)));
  }
  for (const { hostPath, path } of work.outputs) {
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
 * Lets every user of the container read what the node has brought in for it alone; links are left as they are. What is missing is left to
 * the engine, which refuses it.
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
 * A volume without a name, which goes with its container. The engine itself binds what this process holds, in its own mount namespace:
 * the system refuses that when the two are not the same. A container's own process, in its namespace, could never bind a descriptor.
 */
function heldFolder({ fd }: HeldPath, target: string, readOnly: boolean): MountSettings {
  const options = { type: "none", o: readOnly ? "rbind,ro" : "rbind", device: descriptorDevice(fd) };
  const DriverConfig = { Name: "local", Options: options };
  // NoCopy: what the image holds at the target must not be copied into the host's folder.
  const VolumeOptions = { NoCopy: true, Labels: {}, DriverConfig };
  return { Type: "volume", Source: "", Target: target, VolumeOptions };
}

/**
 * Puts the file that is held into the execution's own folder, where only the node can put things: as a second name of it, or, where that
 * cannot be and the task only reads it, as a copy of what is held.
 */
async function placeHeldFile(held: HeldPath, path: string, readOnly: boolean): Promise<void> {
  await rm(path, { force: true });
  const why = await link(held.realPath, path).then(
    async () => ((await isAt(path, held)) ? undefined : "it was replaced after it was judged"),
    (failure: unknown) => causeOf(failure).why,
  );
  if (why === undefined) return;
  await rm(path, { force: true });
  const readable = descriptorPath(held.fd);
  if (readOnly && (await stat(readable)).size <= copiedBytesMax) return copyFile(readable, path);
  throw new Fault(
    "ENGINE_FAILED",
    `${held.realPath} cannot be mounted as it was judged (${why}): ask for the folder that it lies in, or let only root write to the folders above it`,
  );
}
