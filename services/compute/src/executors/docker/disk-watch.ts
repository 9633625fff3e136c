import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, pause } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import type { Work } from "../executor.ts";
import { callLimitMs, within } from "./within.ts";

// At most two seconds of writing pass unseen: a fast disk takes some GB in this time.
const everyMs = 2_000;
// A measurement that takes long is repeated less often: measuring takes at most a tenth of the time.
const restTimes = 9;
// What an entry of a folder takes at least, however small the file: a block of common file systems.
const entryBytes = 4_096;
// The unit of `blocks` in stat(2).
const blockBytes = 512;

export interface DiskWatch {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly containerId: string;
  readonly work: Work;
}

/**
 * Measures what a container has written: the layer above its image, and its result folders. Resolves with the reason
 * once that exceeds the work's disk, and with undefined when `ended` fires first. A failed measurement is repeated.
 */
export async function watchDisk(watch: DiskWatch, ended: AbortSignal): Promise<string | undefined> {
  const { clock, work } = watch;
  const { diskBytes } = work.resources;
  for (let waitMs = everyMs; ; ) {
    await pause(clock, waitMs, ended);
    if (ended.aborted) return undefined;
    const startedAt = clock.now();
    const written = await measured(watch).catch(() => 0);
    if (written > diskBytes)
      return `disk limit exceeded: the task has written ${written} bytes, its limit is ${diskBytes} bytes`;
    waitMs = Math.max(everyMs, (clock.now() - startedAt) * restTimes);
  }
}

const Sizes = z.object({ SizeRw: z.number().nullish() });

async function measured({ docker, clock, containerId, work }: DiskWatch): Promise<number> {
  // The client's types do not know the option.
  const options: object = { size: true };
  const inspected = docker.getContainer(containerId).inspect(options);
  const { SizeRw } = Sizes.parse(
    await within<unknown>(inspected, { clock, limitMs: callLimitMs, what: "measuring a container" }),
  );
  let bytes = SizeRw ?? 0;
  for (const { hostPath } of work.outputs) bytes += await folderBytes(hostPath, work.resources.diskBytes - bytes);
  return bytes;
}

/** The bytes of a folder, as far as they exceed `most`: beyond that the exact number does not matter. */
async function folderBytes(folder: string, most: number): Promise<number> {
  let bytes = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    // A folder that the task removes meanwhile counts nothing.
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
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
