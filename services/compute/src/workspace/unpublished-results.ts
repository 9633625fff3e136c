import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, causeOf, type Logger, type Process } from "@shoal/core";
import { removeTree } from "./remove-tree.ts";

/** Results that could not be published, on the disk of the node for some time. */
export interface UnpublishedResults extends Process {
  /**
   * Moves the results folder of an execution out of its workspace. Returns its new path and the time of its removal, or
   * undefined when there is nothing to keep.
   */
  keep(executionId: string, folder: string): Promise<UnpublishedResult | undefined>;
}

export interface UnpublishedResult {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly untilAt: number;
}

export interface UnpublishedResultsOptions {
  /** On the file system of the workspace: results are renamed. */
  readonly folder: string;
  readonly keepMs: number;
  /** Limit of all of them; the oldest are removed first, never the newest. */
  readonly keepBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

// A result is kept for hours: a quarter of an hour more costs little.
const sweepMs = 15 * 60_000;

/** Keeps results in a folder, and removes them later, also those of earlier processes. */
export function createUnpublishedResults({
  folder,
  keepMs,
  keepBytes,
  clock,
  logger,
}: UnpublishedResultsOptions): UnpublishedResults {
  let cancel = () => {};

  async function sweep(newest?: string): Promise<void> {
    const names = await readdir(folder).catch(() => []);
    const unpublished = await Promise.all(names.map((name) => measured(join(folder, name))));
    // The clock of file systems moves in steps of milliseconds: results of the same step have equal times.
    unpublished.sort((a, b) => Number(b.path === newest) - Number(a.path === newest) || b.at - a.at);
    let sumBytes = 0;
    for (const [index, { path, at, sizeBytes }] of unpublished.entries()) {
      sumBytes += sizeBytes;
      const isOld = clock.now() - at > keepMs;
      if (isOld || (index > 0 && sumBytes > keepBytes)) await removeTree(path);
    }
  }
  const sweepNow = (newest?: string) =>
    sweep(newest).catch((failure: unknown) => logger.warn(causeOf(failure), "removing unpublished results failed"));
  const sweepAndPlan = async (): Promise<void> => {
    await sweepNow();
    cancel = clock.at(clock.now() + sweepMs, () => void sweepAndPlan());
  };
  return {
    name: "unpublished results",
    start: sweepAndPlan,
    stop: async () => cancel(),
    async keep(executionId, from) {
      const path = join(folder, executionId);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Absent when an earlier process has moved it and died before its report.
      await rename(from, path).catch(() => {});
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) return undefined;
      await sweepNow(path);
      return { path, untilAt: Math.floor(found.ctimeMs) + keepMs };
    },
  };
}

/** The time of the move, which is the folder's last change of status, and the size of the files. */
async function measured(path: string) {
  const at = (await stat(path).catch(() => undefined))?.ctimeMs ?? 0;
  const files = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  let sizeBytes = 0;
  for (const file of files)
    if (file.isFile()) sizeBytes += (await stat(join(file.parentPath, file.name)).catch(() => undefined))?.size ?? 0;
  return { path, at, sizeBytes };
}
