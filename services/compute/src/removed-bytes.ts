import { readdir, stat, statfs } from "node:fs/promises";

// The unit of `blocks` in stat(2).
const blockBytes = 512;
// The type of tmpfs in statfs(2): its files are memory, which has other limits.
const memoryType = 0x01021994;

/**
 * The bytes of files on a disk that processes have removed and keep open: no folder shows them. Processes of others
 * count nothing unless this process is root.
 */
export async function removedBytes(pids: readonly number[]): Promise<number> {
  const files = new Map<string, number>();
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    // Processes end and descriptors are closed meanwhile.
    for (const fd of await readdir(folder).catch(() => [])) {
      const status = await stat(`${folder}/${fd}`).catch(() => undefined);
      if (status?.isFile() !== true || status.nlink > 0) continue;
      const type = await statfs(`${folder}/${fd}`).then(
        (system) => system.type,
        () => memoryType,
      );
      if (type !== memoryType) files.set(`${status.dev} ${status.ino}`, status.blocks * blockBytes);
    }
  }
  return [...files.values()].reduce((sum, each) => sum + each, 0);
}
