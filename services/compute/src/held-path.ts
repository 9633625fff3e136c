import { existsSync } from "node:fs";
import { type FileHandle, lstat, open, readlink } from "node:fs/promises";

/**
 * A file or folder of this machine that is held open: it stays the one that was checked, whatever replaces it at its
 * path. The caller closes it.
 */
export interface HeldPath {
  /** This process's descriptor: good for naming the file (`descriptorPath`), not for reading. */
  readonly fd: number;
  readonly kind: "file" | "folder" | "other";
  /** The path at the time of opening, with every link resolved. */
  readonly realPath: string;
  readonly dev: number;
  readonly ino: number;
  /**
   * True when only root and this node's user can replace what is at `realPath`, so that the path alone can be trusted.
   */
  readonly steady: boolean;
  close(): Promise<void>;
}

// O_PATH: opens a path without the right to read it. The same number on x86-64, arm64 and riscv64; Node has no constant
// for it.
const placeOnly = 0o10000000;
const descriptors = "/proc/self/fd";
// Error codes of a path that leads nowhere, or that this user may not follow.
const nowhere: readonly string[] = ["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"];

/** Why this machine cannot hold paths open, or undefined when it can. */
export const holdingProblem = (): string | undefined =>
  existsSync(descriptors) ? undefined : `paths are held open by descriptor, and this system has no ${descriptors}`;

/** A path that leads this process, and no other, to exactly the held file. */
export const descriptorPath = (fd: number): string => `${descriptors}/${fd}`;

/**
 * Opens the file or folder that a path leads to now; `flags` are added, such as O_NOFOLLOW. Undefined when there is
 * none, or it was removed in the meantime. `isSteady` checks the real path while the file is held.
 */
export async function holdPath(
  path: string,
  {
    flags = 0,
    isSteady = async () => false,
  }: { flags?: number; isSteady?: (realPath: string) => Promise<boolean> } = {},
): Promise<HeldPath | undefined> {
  const handle = await openPlace(path, flags);
  if (handle === undefined) return undefined;
  try {
    const held = await facts(handle, isSteady);
    if (held === undefined) await handle.close();
    return held;
  } catch (failure) {
    await handle.close();
    throw failure;
  }
}

async function openPlace(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, placeOnly | flags);
  } catch (failure) {
    if (failure instanceof Error && "code" in failure && nowhere.includes(String(failure.code))) return undefined;
    throw failure;
  }
}

async function facts(
  handle: FileHandle,
  isSteady: (realPath: string) => Promise<boolean>,
): Promise<HeldPath | undefined> {
  const stats = await handle.stat();
  // For a removed file the system returns its path with a suffix that could be part of a name.
  if (stats.nlink === 0) return undefined;
  const realPath = await readlink(descriptorPath(handle.fd));
  const { dev, ino } = stats;
  // The path is read last: its target at this moment is the one that stays.
  const steady = (await isSteady(realPath)) && (await isAt(realPath, { dev, ino }));
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
  return { fd: handle.fd, kind, realPath, dev, ino, steady, close: () => handle.close() };
}

/** Whether a path itself, not what it may link to, is this file or folder. */
export async function isAt(path: string, { dev, ino }: Pick<HeldPath, "dev" | "ino">): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && found.dev === dev && found.ino === ino;
}
