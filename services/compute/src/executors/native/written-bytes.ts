import { readdir, stat } from "node:fs/promises";
import { folderBytes } from "../../disk-watch.ts";
import type { Work } from "../executor.ts";
import { treeOf } from "./process-tree.ts";

// The unit of `blocks` in stat(2).
const blockBytes = 512;

/**
 * The bytes that a run has written to the disk: its folders, and files that it has removed and keeps open. `pid` is its
 * first process.
 */
export async function writtenBytes(work: Work, pid: number): Promise<number> {
  const most = work.resources.diskBytes;
  let bytes = await removedBytes(pid, (await stat(work.folder)).dev);
  for (const folder of [work.folder, ...work.outputs.map(({ hostPath }) => hostPath)]) {
    if (bytes > most) break;
    bytes += await folderBytes(folder, most - bytes);
  }
  return bytes;
}

/** The bytes of files of a disk without a name that processes keep open. */
async function removedBytes(pid: number, dev: number): Promise<number> {
  const files = new Map<number, number>();
  for (const each of treeOf(pid)) {
    const folder = `/proc/${each}/fd`;
    // Processes end and descriptors are closed meanwhile.
    for (const fd of await readdir(folder).catch(() => [])) {
      const status = await stat(`${folder}/${fd}`).catch(() => undefined);
      if (status?.isFile() === true && status.nlink === 0 && status.dev === dev)
        files.set(status.ino, status.blocks * blockBytes);
    }
  }
  return [...files.values()].reduce((sum, each) => sum + each, 0);
}
