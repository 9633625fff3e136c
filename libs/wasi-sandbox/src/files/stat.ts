import type { Stats } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { Refusal } from "../sandbox/errno.ts";
import type { FileStat, ListedFile } from "../sandbox/protocol.ts";
import { type Folder, type HostFolder, kindOf } from "./place.ts";

// Folders that exist only in the guest's tree have no times and no inode.
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

/** The stat of a file of the host without what a guest may not see: owner and mode. */
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

/** The entries of a folder, without "." and ".."; refused with OVERFLOW when there are more than `filesMax`. */
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
    // The inode of each file would cost a stat of each; guests that need it request it by path.
    entries.push({ name: entry.name, kind: kindOf(entry), inode: 0 });
  }
  // Sorted by name, so that the same inputs have the same order on every node.
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The stat of a mounted single file. */
export async function mountedStat(hostPath: string): Promise<FileStat> {
  return fileStatOf(await stat(hostPath));
}
