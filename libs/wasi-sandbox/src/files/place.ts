import { existsSync } from "node:fs";
import { constants, type FileHandle, lstat, open } from "node:fs/promises";
import type { FileKind } from "../sandbox/protocol.ts";

/** A file or folder of the host that is mounted into a guest's tree. */
export interface Volume {
  readonly hostPath: string;
  /** True when `hostPath` names an open descriptor, which cannot be redirected. */
  readonly held?: boolean;
  readonly writable: boolean;
}

/** A folder that exists only in the guest's tree, above a mount. */
export interface VirtualFolder {
  readonly kind: "virtual";
  readonly children: Map<string, VirtualFolder | Mount>;
}
/** A place in the guest's tree where a volume begins. */
export interface Mount {
  readonly kind: "mount";
  readonly volume: Volume;
  readonly isFolder: boolean;
}
/** An open folder of a volume. The code that opened it closes it. */
export interface HostFolder {
  readonly kind: "folder";
  readonly volume: Volume;
  readonly handle: FileHandle;
  /** The path prefix of names inside: see `inside`. */
  readonly at: string;
}
export type Folder = VirtualFolder | HostFolder;

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = constants;

// On Linux an open folder is addressed through its descriptor, so that a name is always resolved in the folder that was checked,
// even when another process renames or replaces it. On other systems it is addressed by its path, which is safe only while no
// other process changes the volume.
const descriptors = existsSync("/proc/self/fd") ? "/proc/self/fd" : undefined;

/** The host's path of one name in an open folder. It must be a single name, without a separator or dots. */
export function inside(folder: HostFolder, name: string): string {
  return `${folder.at}/${name}`;
}

/** Opens the root folder of a volume. The node chose the volume's path, so links in it are allowed. */
export function openVolume(volume: Volume): Promise<HostFolder> {
  return openFolder(volume, volume.hostPath, O_RDONLY | O_DIRECTORY);
}

/** Opens a folder by its name in an open one; the host refuses a link. */
export function openInside(folder: HostFolder, name: string): Promise<HostFolder> {
  return openFolder(folder.volume, inside(folder, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Reopens a folder for another owner. */
export function openAgain(folder: HostFolder): Promise<HostFolder> {
  return openFolder(folder.volume, descriptors === undefined ? folder.at : `${folder.at}/.`, O_RDONLY | O_DIRECTORY);
}

async function openFolder(volume: Volume, path: string, flags: number): Promise<HostFolder> {
  const handle = await open(path, flags);
  const at = descriptors === undefined ? path : `${descriptors}/${handle.fd}`;
  return { kind: "folder", volume, handle, at };
}

/** Opens a regular file by its name in an open folder. Links are refused, and a pipe does not block the node. */
export function openFile(path: string, flags: number): Promise<FileHandle> {
  // 0o644: the usual mode of a new file.
  return open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o644);
}

/** Opens a mounted single file. */
export function openMounted({ hostPath, held }: Volume, flags: number): Promise<FileHandle> {
  return held === true ? open(hostPath, flags | O_NONBLOCK) : openFile(hostPath, flags);
}

/** The kind of a name in an open folder; undefined when it does not exist. */
export async function kindInside(folder: HostFolder, name: string): Promise<FileKind | undefined> {
  try {
    return kindOf(await lstat(inside(folder, name)));
  } catch (failure) {
    if (failure instanceof Error && "code" in failure && failure.code === "ENOENT") return undefined;
    throw failure;
  }
}

interface FileTypeTests {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The kind in stats or in a directory entry of the host. */
export function kindOf(stats: FileTypeTests): FileKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}
