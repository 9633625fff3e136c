import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "@shoal/core";

/** Published files with plain names, in one folder. */
export interface FileStore {
  /** True when the file exists and has not expired. */
  has(name: string): Promise<boolean>;
  /** Removes unfinished files of earlier processes. Call it before the first `put` only. */
  begin(): Promise<void>;
  /** Stores a file, completely or not at all: an unfinished file is removed. */
  put(name: string, bytes: Readable): Promise<void>;
  /** A file's path and size, unless it does not exist or has expired. */
  find(name: string): Promise<{ readonly path: string; readonly sizeBytes: number } | undefined>;
  /** Removes expired files, and then the oldest until the rest is within the limit; never the newest. */
  sweep(): Promise<void>;
}

export interface FileStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly keepMs: number;
  readonly keepBytes: number;
}

const fileName = /^[A-Za-z0-9][A-Za-z0-9_-]*\.tar\.gz$/;
const unfinished = ".unfinished";

export function createFileStore({ folder, clock, keepMs, keepBytes }: FileStoreOptions): FileStore {
  const isOld = (mtimeMs: number) => clock.now() - mtimeMs > keepMs;
  async function find(name: string) {
    if (!fileName.test(name)) return undefined;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() === true && !isOld(found.mtimeMs) ? { path, sizeBytes: found.size } : undefined;
  }
  return {
    find,
    begin: async () => {
      const left = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(unfinished));
      for (const name of left) await rm(join(folder, name), { force: true });
    },
    has: async (name) => (await find(name)) !== undefined,
    put: async (name, bytes) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, name);
      try {
        await pipeline(bytes, createWriteStream(path + unfinished, { mode: 0o600 }));
        await rename(path + unfinished, path);
      } catch (failure) {
        // On a full disk this frees the space of the unfinished file. The next start removes what remains.
        await rm(path + unfinished, { force: true }).catch(() => {});
        throw failure;
      }
    },
    sweep: async () => {
      const names = (await readdir(folder).catch(() => [])).filter((name) => fileName.test(name));
      const files = await Promise.all(names.map((name) => measured(join(folder, name))));
      const [newest, ...older] = files.sort((a, b) => b.mtimeMs - a.mtimeMs);
      // The newest file stays, whatever its size: its link has only just been returned.
      let saved = newest?.sizeBytes ?? 0;
      for (const { path, sizeBytes, mtimeMs } of older) {
        saved += sizeBytes;
        if (isOld(mtimeMs) || saved > keepBytes) await rm(path, { force: true });
      }
    },
  };
}

async function measured(path: string) {
  const found = await stat(path).catch(() => undefined);
  return { path, sizeBytes: found?.size ?? 0, mtimeMs: found?.mtimeMs ?? 0 };
}
