import { lstat, mkdir, readlink, rename, rmdir, unlink } from "node:fs/promises";
import { Refusal } from "../host/errno.ts";
import type { FileAnswer, FileFacts } from "../host/protocol.ts";
import { factsOf, folderFacts, mountedFacts } from "./facts.ts";
import type { FileId, Ledger } from "./ledger.ts";
import { checkNew } from "./opening.ts";
import { type HostFolder, inside } from "./place.ts";
import type { Spot } from "./walk.ts";

type Named = Spot & { readonly kind: "named" };
/** A name in a folder of the host, whatever it is the name of. */
interface Name {
  readonly folder: HostFolder;
  readonly name: string;
}

export async function statSpot(spot: Spot): Promise<FileAnswer> {
  return { facts: await facts(spot) };
}

async function facts(spot: Spot): Promise<FileFacts> {
  if (spot.kind === "folder") return folderFacts(spot.folder);
  if (spot.kind === "mounted") return mountedFacts(spot.volume.hostPath);
  const { folder, name } = existing(spot);
  return factsOf(await lstat(inside(folder, name)));
}

export async function readLink(spot: Spot): Promise<FileAnswer> {
  if (spot.kind !== "named" || spot.found !== "link") throw new Refusal(spot.kind === "absent" ? "NOENT" : "INVAL");
  return { target: await readlink(inside(spot.folder, spot.name)) };
}

export async function makeFolder(spot: Spot, ledger: Ledger): Promise<FileAnswer> {
  if (spot.kind === "absent") throw new Refusal("ROFS");
  if (spot.kind !== "named" || spot.found !== undefined) throw new Refusal("EXIST");
  checkNew(spot.folder.volume, spot.name);
  ledger.made();
  // 0o755: what a folder that a program makes usually allows.
  await mkdir(inside(spot.folder, spot.name), 0o755);
  return {};
}

export async function removeFile(spot: Spot, ledger: Ledger): Promise<FileAnswer> {
  if (spot.kind === "folder") throw new Refusal("ISDIR");
  const { folder, name } = changeable(existing(spot));
  const removed = await lstat(inside(folder, name));
  await unlink(inside(folder, name));
  ledger.unlinked(removed.isFile() ? removed : undefined);
  return {};
}

export async function removeFolder(spot: Spot, ledger: Ledger): Promise<FileAnswer> {
  if (spot.kind !== "folder") throw new Refusal(isThere(spot) ? "NOTDIR" : "NOENT");
  const { folder, name } = changeable(nameOf(spot));
  await rmdir(inside(folder, name));
  ledger.unlinked(undefined);
  return {};
}

export async function renameSpot(from: Spot, to: Spot, ledger: Ledger): Promise<FileAnswer> {
  const source = changeable(from.kind === "folder" ? nameOf(from) : existing(from));
  const target = changeable(to.kind === "folder" ? nameOf(to) : newOrOld(to));
  checkNew(target.folder.volume, target.name);
  const replaced = to.kind === "named" && to.found !== undefined ? await lstat(inside(to.folder, to.name)) : undefined;
  const moved = await lstat(inside(source.folder, source.name));
  await rename(inside(source.folder, source.name), inside(target.folder, target.name));
  if (replaced !== undefined && !same(replaced, moved)) ledger.unlinked(replaced.isFile() ? replaced : undefined);
  return {};
}

const same = (a: FileId, b: FileId): boolean => a.dev === b.dev && a.ino === b.ino;

function isThere(spot: Spot): boolean {
  return spot.kind === "mounted" || (spot.kind === "named" && spot.found !== undefined);
}

function existing(spot: Spot): Named {
  if (spot.kind === "mounted") throw new Refusal("ROFS");
  if (spot.kind !== "named" || spot.found === undefined) throw new Refusal("NOENT");
  return spot;
}

function newOrOld(spot: Spot): Named {
  if (spot.kind !== "named") throw new Refusal("ROFS");
  return spot;
}

/** A folder as a name in the folder above it; the start of a path has none, nor has a folder where a volume begins. */
function nameOf(spot: Spot & { readonly kind: "folder" }): Name {
  if (spot.parent === undefined || spot.name === "") throw new Refusal("INVAL");
  if (spot.parent.kind === "virtual") throw new Refusal("ROFS");
  return { folder: spot.parent, name: spot.name };
}

function changeable(name: Name): Name {
  if (!name.folder.volume.writable) throw new Refusal("ROFS");
  return name;
}
