import type { Stats } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { Refusal } from "../sandbox/errno.ts";
import type { FileStat, ListedFile } from "../sandbox/protocol.ts";
import { type Folder, type HostFolder, kindOf } from "./place.ts";

// Folders that exist only in the guest's tree have no times and no number of their own.
const virtualStat: FileStat = {
  kind: "folder",
  device: 0,
  inode: 0,
  links: 1,
  sizeBytes: 0,
  accessedAtMs: 0,
  modifiedAtMs: 0,
  changedAtMs: 0,
};

/** The stat of a file of the host, as a guest may know them: no owner, no mode. */
export function fileStatOf(stats: Stats): FileStat {
  return {
    kind: kindOf(stats),
    device: stats.dev,
    inode: stats.ino,
    links: stats.nlink,
    sizeBytes: stats.size,
    accessedAtMs: stats.atimeMs,
    modifiedAtMs: stats.mtimeMs,
    changedAtMs: stats.ctimeMs,
  };
}

export async function folderStat(folder: Folder): Promise<FileStat> {
  return folder.kind === "virtual" ? virtualStat : fileStatOf(await folder.handle.stat());
}

/** What a folder holds, without "." and ".."; refused with OVERFLOW when it is more than `filesMax`. */
export async function listFolder(folder: Folder, filesMax: number): Promise<readonly ListedFile[]> {
  if (folder.kind === "folder") return listHostFolder(folder, filesMax);
  return [...folder.children].map(([name, child]) => {
    const isFile = child.kind === "mount" && !child.isFolder;
    return { name, kind: isFile ? "file" : "folder", inode: 0 };
  });
}

async function listHostFolder(folder: HostFolder, filesMax: number): Promise<readonly ListedFile[]> {
  const entries: ListedFile[] = [];
  for await (const entry of await opendir(folder.at)) {
    if (entries.length >= filesMax) throw new Refusal("OVERFLOW");
    // The number of each file would cost a look at each; guests that care ask for it by path.
    entries.push({ name: entry.name, kind: kindOf(entry), inode: 0 });
  }
  // By name, so that the same inputs look the same on every node.
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Facts of a mounted single file. */
export async function mountedStat(hostPath: string): Promise<FileStat> {
  return fileStatOf(await stat(hostPath));
}
