import { readlink } from "node:fs/promises";
import { Refusal } from "../sandbox/errno.ts";
import { type FileKind, pathBytesMax } from "../sandbox/protocol.ts";
import { type Folder, type HostFolder, inside, kindInside, openInside, openVolume, type Volume } from "./place.ts";

/** The result of a path lookup. It is valid only during the visitor's call, as its folders are closed after it. */
export type ResolvedPath =
  /** A folder: the start itself, a path that ends in "." or "..", or a path that was requested as a folder. */
  | { readonly kind: "folder"; readonly folder: Folder; readonly parent: Folder | undefined; readonly name: string }
  /** Any other file in a folder of the host, or a name that does not exist yet. */
  | { readonly kind: "named"; readonly folder: HostFolder; readonly name: string; readonly found: FileKind | undefined }
  /** A mounted single file. */
  | { readonly kind: "mounted"; readonly volume: Volume }
  /** A name that does not exist, in a folder that is not writable. */
  | { readonly kind: "absent" };

interface FolderLevel {
  readonly folder: Folder;
  readonly name: string;
  /** Whether this lookup opened it. */
  readonly opened: boolean;
}
interface PathStep {
  readonly name: string;
  /** The lowest level that ".." may lead to: a link inside a volume must not lead out of it. */
  readonly floor: number;
}

// The limit of Linux: more links in one path are a loop.
const linksMax = 40;
/**
 * Maximum number of folders that one lookup enters below its start. Each stays open until the lookup ends, so this bounds the node's
 * descriptors per request. Archives of inputs may be equally deep.
 */
export const levelsMax = 64;
// The limit of file systems.
const nameBytesMax = 255;

/**
 * Resolves a guest's path, name by name, from `start`. Every name is resolved alone, in an open folder, and never through a link of
 * the host: links are read and resolved here. So no path leads above `start`, and no link leads out of its volume; both are refused
 * with NOTCAPABLE.
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

/** Enters a folder and returns it, or returns what has the name instead. */
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
  // A C library resolves absolute paths against a preopened folder; here they are invalid.
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
