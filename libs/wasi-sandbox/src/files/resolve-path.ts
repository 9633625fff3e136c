import { readlink } from "node:fs/promises";
import { Refusal } from "../sandbox/errno.ts";
import { type FileKind, pathBytesMax } from "../sandbox/protocol.ts";
import { type Folder, type HostFolder, inside, kindInside, openInside, openVolume, type Volume } from "./place.ts";

/** What a path leads to. Folders on the way are closed when the visitor is done, so nothing of it may be kept. */
export type ResolvedPath =
  /** A folder that the path names as such: the start itself, one that ends in "." or "..", or any that was asked for. */
  | { readonly kind: "folder"; readonly folder: Folder; readonly parent: Folder | undefined; readonly name: string }
  /** Anything else in a folder of the host, or a name that is not there yet. */
  | { readonly kind: "named"; readonly folder: HostFolder; readonly name: string; readonly found: FileKind | undefined }
  /** A single file that is mounted. */
  | { readonly kind: "mounted"; readonly volume: Volume }
  /** A name that is not there, in a folder where nothing can be made. */
  | { readonly kind: "absent" };

interface FolderLevel {
  readonly folder: Folder;
  readonly name: string;
  /** Whether this walk opened it. */
  readonly opened: boolean;
}
interface PathStep {
  readonly name: string;
  /** The lowest level that ".." may lead to: a link inside a volume must not lead out of it. */
  readonly floor: number;
}

// The same number as Linux has: more links in one path are a circle.
const linksMax = 40;
/**
 * The most folders that one walk enters below its start. Each is held open until the walk ends, so this bounds the descriptors
 * of the node that one request takes; archives of inputs may be as deep.
 */
export const levelsMax = 64;
// What file systems allow.
const nameBytesMax = 255;

/**
 * Looks a guest's path up, name by name, beginning in `start`. Every name is looked up alone, in a folder that is held
 * open, and never through a link: links are read and walked here, as more names. So there is no path that leads above
 * `start`, and no link that leads out of the volume it lies in; both are refused with NOTCAPABLE.
 */
export async function resolvePath<T>(
  start: Folder,
  way: { readonly path: string; readonly follow: boolean },
  visit: (resolved: ResolvedPath) => Promise<T>,
): Promise<T> {
  const levels: FolderLevel[] = [{ folder: start, name: "", opened: false }];
  try {
    return await visit(await find(levels, way.path, way.follow));
  } finally {
    for (const level of levels) await close(level);
  }
}

async function find(levels: FolderLevel[], path: string, follow: boolean): Promise<ResolvedPath> {
  const steps = stepsOf(path, 0);
  const mustBeFolder = /(^|\/)\.{0,2}$/.test(path);
  let links = 0;
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const last = steps.length === 0;
    if (step.name === "..") {
      if (levels.length - 1 <= step.floor) throw new Refusal("NOTCAPABLE");
      await close(levels.pop());
      continue;
    }
    const resolved = await enter(levels, step.name);
    if (resolved.kind === "folder") continue;
    const isLink = resolved.kind === "named" && resolved.found === "link";
    if (isLink && (!last || follow || mustBeFolder)) {
      links += 1;
      if (links > linksMax) throw new Refusal("LOOP");
      steps.unshift(...(await stepsOfLink(levels, resolved.folder, resolved.name)));
      continue;
    }
    if (!last) throw new Refusal(isThere(resolved) ? "NOTDIR" : "NOENT");
    if (mustBeFolder && isThere(resolved)) throw new Refusal("NOTDIR");
    return resolved;
  }
  return here(levels);
}

function isThere(resolved: ResolvedPath): boolean {
  return resolved.kind === "mounted" || (resolved.kind === "named" && resolved.found !== undefined);
}

function here(levels: readonly FolderLevel[]): ResolvedPath {
  const level = levels.at(-1);
  if (level === undefined) throw new Refusal("NOTCAPABLE");
  return { kind: "folder", folder: level.folder, parent: levels.at(-2)?.folder, name: level.name };
}

/** Steps into a folder and answers it, or answers what stands in the way. */
async function enter(levels: FolderLevel[], name: string): Promise<ResolvedPath> {
  const { folder } = levels.at(-1) ?? { folder: undefined };
  if (folder === undefined) throw new Refusal("NOTCAPABLE");
  if (folder.kind === "virtual") {
    const child = folder.children.get(name);
    if (child === undefined) return { kind: "absent" };
    if (child.kind === "mount" && !child.isFolder) return { kind: "mounted", volume: child.volume };
    checkDepth(levels);
    const entered = child.kind === "mount" ? await openVolume(child.volume) : child;
    levels.push({ folder: entered, name, opened: entered.kind === "folder" });
    return here(levels);
  }
  const found = await kindInside(folder, name);
  if (found !== "folder") return { kind: "named", folder, name, found };
  checkDepth(levels);
  levels.push({ folder: await openInside(folder, name), name, opened: true });
  return here(levels);
}

function checkDepth(levels: readonly FolderLevel[]): void {
  if (levels.length > levelsMax) throw new Refusal("NAMETOOLONG");
}

async function stepsOfLink(
  levels: readonly FolderLevel[],
  folder: HostFolder,
  name: string,
): Promise<readonly PathStep[]> {
  const target = await readlink(inside(folder, name));
  if (target.startsWith("/")) throw new Refusal("NOTCAPABLE");
  const floor = levels.findIndex((level) => level.folder.kind === "folder" && level.folder.volume === folder.volume);
  return stepsOf(target, floor);
}

function stepsOf(path: string, floor: number): PathStep[] {
  // Absolute paths are a C library's matter, which cuts them at a preopened folder; here they have no meaning.
  if (path.startsWith("/")) throw new Refusal("NOTCAPABLE");
  if (path === "") throw new Refusal("NOENT");
  if (Buffer.byteLength(path) > pathBytesMax) throw new Refusal("NAMETOOLONG");
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  for (const name of names) check(name);
  return names.map((name) => ({ name, floor }));
}

function check(name: string): void {
  if (Buffer.byteLength(name) > nameBytesMax) throw new Refusal("NAMETOOLONG");
  if (name.includes("\0")) throw new Refusal("INVAL");
}

async function close(level: FolderLevel | undefined): Promise<void> {
  if (level?.opened === true && level.folder.kind === "folder") await level.folder.handle.close();
}
