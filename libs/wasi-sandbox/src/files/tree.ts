import { realpath, stat } from "node:fs/promises";
import { posix } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import type { GuestInput, GuestOutput } from "../guest.ts";
import type { VirtualFolder, Volume } from "./place.ts";

/** A guest's root, and its folders where a volume is mounted. */
export interface GuestTree {
  readonly root: VirtualFolder;
  readonly volumes: readonly { readonly path: string; readonly volume: Volume }[];
}

/** Builds a guest's tree: inputs at their targets, outputs at their paths. Throws a Fault for one that cannot be mounted. */
export async function guestTree(inputs: readonly GuestInput[], outputs: readonly GuestOutput[]): Promise<GuestTree> {
  const root: VirtualFolder = { kind: "virtual", children: new Map() };
  const mounts = [
    ...inputs.map((input) => ({ path: input.target, volume: volumeOf(input) })),
    ...outputs.map(({ hostPath, path }) => ({ path, volume: { hostPath, writable: true } })),
  ];
  const volumes: { path: string; volume: Volume }[] = [];
  for (const { path, volume } of mounts) {
    const found = await locate(path, volume);
    place(root, path, found);
    if (found.isFolder) volumes.push({ path: posix.normalize(path), volume: found.volume });
  }
  return { root, volumes };
}

/** An open input is addressed by its descriptor, so that it is the one that was checked. */
function volumeOf({ hostPath, held, readOnly }: GuestInput): Volume {
  const writable = !readOnly;
  return held === undefined ? { hostPath, writable } : { hostPath: `/proc/self/fd/${held.fd}`, held: true, writable };
}

async function locate(path: string, asked: Volume): Promise<{ volume: Volume; isFolder: boolean }> {
  const { hostPath } = asked;
  try {
    // The node chose a volume's path, so links in it are followed, once, here. The path of a descriptor is a link too, but its text is not
    // its target.
    const volume = asked.held === true ? asked : { ...asked, hostPath: await realpath(hostPath) };
    const stats = await stat(volume.hostPath);
    if (stats.isFile() || stats.isDirectory()) return { volume, isFolder: stats.isDirectory() };
  } catch (failure) {
    throw new Fault(
      "INPUT_UNAVAILABLE",
      `${path} is mounted from ${hostPath}, which cannot be read: ${causeOf(failure).why}`,
    );
  }
  throw new Fault("INPUT_UNAVAILABLE", `${path} is mounted from ${hostPath}, which is neither a file nor a folder`);
}

function place(root: VirtualFolder, path: string, mount: { volume: Volume; isFolder: boolean }): void {
  const names = namesOf(path);
  const last = names.pop();
  let folder = root;
  for (const name of names) {
    const next = folder.children.get(name) ?? { kind: "virtual", children: new Map() };
    if (next.kind === "mount") throw overlapping(path);
    folder.children.set(name, next);
    folder = next;
  }
  if (last === undefined || folder.children.has(last)) throw overlapping(path);
  folder.children.set(last, { kind: "mount", ...mount });
}

function namesOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (path.startsWith("/") && !names.includes("..") && names.length > 0) return names;
  throw new Fault("TASK_INVALID", `"${path}" cannot be mounted: expected an absolute path below / without ".."`);
}

function overlapping(path: string): Fault {
  return new Fault(
    "TASK_INVALID",
    `"${path}" is mounted twice, or inside another input or output: give each a separate path`,
  );
}
