import { lstat, mkdir, readlink, rename, rmdir, unlink } from "node:fs/promises";
import { Refusal } from "../sandbox/errno.ts";
import type { FileAnswer, FileStat } from "../sandbox/protocol.ts";
import type { DiskQuota, FileId } from "./disk-quota.ts";
import { checkNew } from "./open.ts";
import { type HostFolder, inside } from "./place.ts";
import type { ResolvedPath } from "./resolve-path.ts";
import { fileStatOf, folderStat, mountedStat } from "./stat.ts";

type NamedPath = ResolvedPath & { readonly kind: "named" };
/** A name in a folder of the host. */
interface Name {
  readonly folder: HostFolder;
  readonly name: string;
}

export async function statResolved(resolved: ResolvedPath): Promise<FileAnswer> {
  return { stats: await stats(resolved) };
}

async function stats(resolved: ResolvedPath): Promise<FileStat> {
  if (resolved.kind === "folder") return folderStat(resolved.folder);
  if (resolved.kind === "mounted") return mountedStat(resolved.volume.hostPath);
  const { folder, name } = existing(resolved);
  return fileStatOf(await lstat(inside(folder, name)));
}

export async function readLink(resolved: ResolvedPath): Promise<FileAnswer> {
  if (resolved.kind !== "named" || resolved.found !== "link")
    throw new Refusal(resolved.kind === "absent" ? "NOENT" : "INVAL");
  return { target: await readlink(inside(resolved.folder, resolved.name)) };
}

export async function makeFolder(resolved: ResolvedPath, quota: DiskQuota): Promise<FileAnswer> {
  if (resolved.kind === "absent") throw new Refusal("ROFS");
  if (resolved.kind !== "named" || resolved.found !== undefined) throw new Refusal("EXIST");
  checkNew(resolved.folder.volume, resolved.name);
  quota.made();
  // 0o755: the usual mode of a new folder.
  await mkdir(inside(resolved.folder, resolved.name), 0o755);
  return {};
}

export async function removeFile(resolved: ResolvedPath, quota: DiskQuota): Promise<FileAnswer> {
  if (resolved.kind === "folder") throw new Refusal("ISDIR");
  const { folder, name } = changeable(existing(resolved));
  const removed = await lstat(inside(folder, name));
  await unlink(inside(folder, name));
  quota.unlinked(removed.isFile() ? removed : undefined);
  return {};
}

export async function removeFolder(resolved: ResolvedPath, quota: DiskQuota): Promise<FileAnswer> {
  if (resolved.kind !== "folder") throw new Refusal(isThere(resolved) ? "NOTDIR" : "NOENT");
  const { folder, name } = changeable(nameOf(resolved));
  await rmdir(inside(folder, name));
  quota.unlinked(undefined);
  return {};
}

export async function renameResolved(from: ResolvedPath, to: ResolvedPath, quota: DiskQuota): Promise<FileAnswer> {
  const source = changeable(from.kind === "folder" ? nameOf(from) : existing(from));
  const target = changeable(to.kind === "folder" ? nameOf(to) : newOrOld(to));
  checkNew(target.folder.volume, target.name);
  const replaced = to.kind === "named" && to.found !== undefined ? await lstat(inside(to.folder, to.name)) : undefined;
  const moved = await lstat(inside(source.folder, source.name));
  await rename(inside(source.folder, source.name), inside(target.folder, target.name));
  if (replaced !== undefined && !same(replaced, moved)) quota.unlinked(replaced.isFile() ? replaced : undefined);
  return {};
}

const same = (a: FileId, b: FileId): boolean => a.dev === b.dev && a.ino === b.ino;

function isThere(resolved: ResolvedPath): boolean {
  return resolved.kind === "mounted" || (resolved.kind === "named" && resolved.found !== undefined);
}

function existing(resolved: ResolvedPath): NamedPath {
  if (resolved.kind === "mounted") throw new Refusal("ROFS");
  if (resolved.kind !== "named" || resolved.found === undefined) throw new Refusal("NOENT");
  return resolved;
}

function newOrOld(resolved: ResolvedPath): NamedPath {
  if (resolved.kind !== "named") throw new Refusal("ROFS");
  return resolved;
}

/** A folder as a name in its parent; neither the start of a path nor the root of a volume has one. */
function nameOf(resolved: ResolvedPath & { readonly kind: "folder" }): Name {
  if (resolved.parent === undefined || resolved.name === "") throw new Refusal("INVAL");
  if (resolved.parent.kind === "virtual") throw new Refusal("ROFS");
  return { folder: resolved.parent, name: resolved.name };
}

function changeable(name: Name): Name {
  if (!name.folder.volume.writable) throw new Refusal("ROFS");
  return name;
}
