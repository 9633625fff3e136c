import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, pause } from "@shoal/core";
import { systemCodeOf } from "./disk-fault.ts";

// At most two seconds of writing pass unseen: a fast disk takes some GB in this time.
const everyMs = 2_000;
// A measurement that takes long is repeated less often: measuring takes at most a tenth of the time.
const restTimes = 9;
// What an entry of a folder takes at least, however small the file: a block of common file systems.
const entryBytes = 4_096;
// The unit of `blocks` in stat(2).
const blockBytes = 512;

export interface DiskWatch {
  readonly clock: Clock;
  readonly limitBytes: number;
  /** The bytes that the task has written. */
  readonly measure: () => Promise<number>;
}

/**
 * Measures what a task has written to the disk. Resolves with the reason once that exceeds the limit, and with undefined
 * when `ended` fires first. A failed measurement is repeated.
 */
export async function watchDisk(watch: DiskWatch, ended: AbortSignal): Promise<string | undefined> {
  const { clock, limitBytes, measure } = watch;
  for (let waitMs = everyMs; ; ) {
    await pause(clock, waitMs, ended);
    if (ended.aborted) return undefined;
    const startedAt = clock.now();
    const written = await measure().catch(() => 0);
    if (written > limitBytes)
      return `disk limit exceeded: the task has written ${written} bytes, its limit is ${limitBytes} bytes`;
    waitMs = Math.max(everyMs, (clock.now() - startedAt) * restTimes);
  }
}

/**
 * The bytes of a folder, as far as they exceed `most`: beyond that the exact number does not matter. A path that is too
 * long to be read counts as too much.
 */
export async function folderBytes(folder: string, most: number): Promise<number> {
  let bytes = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch((failure: unknown) => {
      // A folder that the task removes meanwhile counts nothing.
      return systemCodeOf(failure) === "ENAMETOOLONG" ? undefined : [];
    });
    if (entries === undefined) return most + 1;
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const blocks = entry.isDirectory() ? 0 : ((await lstat(path).catch(() => undefined))?.blocks ?? 0);
      bytes += Math.max(entryBytes, blocks * blockBytes);
      if (bytes > most) return bytes;
    }
  }
  return bytes;
}
