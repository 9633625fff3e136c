import { existsSync } from "node:fs";
import { constants, type FileHandle, lstat, open } from "node:fs/promises";
import type { FileKind } from "../sandbox/protocol.ts";

/** A file or folder of the host that is mounted into a guest's tree. */
export interface Volume {
  readonly hostPath: string;
  /** True when `hostPath` names a descriptor that is held open, which no one can make lead elsewhere. */
  readonly held?: boolean;
  readonly writable: boolean;
}

/** A folder that exists only in the guest's tree, on the way to what is mounted. */
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
/** A folder of a volume, held open. Whoever opened it closes it. */
export interface HostFolder {
  readonly kind: "folder";
  readonly volume: Volume;
  readonly handle: FileHandle;
  /** Where a name inside is found: see `inside`. */
  readonly at: string;
}
export type Folder = VirtualFolder | HostFolder;

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = constants;

// On Linux a held folder is addressed through its descriptor, so a name is always looked up in the very folder that was
// checked, whoever renames or replaces things on the host meanwhile. Elsewhere it is addressed by its path, where that
// holds only as long as nobody but the guest changes a volume while it runs.
const descriptors = existsSync("/proc/self/fd") ? "/proc/self/fd" : undefined;

/** The host's path of one name in a held folder. The name must be a single one: no separator, no dots. */
export function inside(folder: HostFolder, name: string): string {
  return `${folder.at}/${name}`;
}

/** Opens the folder in which a volume begins. The volume's own path is the agent's word, so links on the way to it are fine. */
export function openVolume(volume: Volume): Promise<HostFolder> {
  return openFolder(volume, volume.hostPath, O_RDONLY | O_DIRECTORY);
}

/** Opens a folder by its name in a held one; a link is refused by the host itself. */
export function openInside(folder: HostFolder, name: string): Promise<HostFolder> {
  return openFolder(folder.volume, inside(folder, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Opens a held folder once more, for another holder. */
export function openAgain(folder: HostFolder): Promise<HostFolder> {
  return openFolder(folder.volume, descriptors === undefined ? folder.at : `${folder.at}/.`, O_RDONLY | O_DIRECTORY);
}

async function openFolder(volume: Volume, path: string, flags: number): Promise<HostFolder> {
  const handle = await open(path, flags);
  const at = descriptors === undefined ? path : `${descriptors}/${handle.fd}`;
  return { kind: "folder", volume, handle, at };
}

/** Opens a regular file by its name in a held folder. Links are refused, and a pipe cannot make the agent wait. */
export function openFile(path: string, flags: number): Promise<FileHandle> {
  // 0o644: what a file that a program makes usually allows.
  return open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o644);
}

/** Opens a single file that is mounted. */
export function openMounted({ hostPath, held }: Volume, flags: number): Promise<FileHandle> {
  return held === true ? open(hostPath, flags | O_NONBLOCK) : openFile(hostPath, flags);
}

/** What a name in a held folder is; undefined when it is not there. */
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

/** The kind that stats or a listed entry of the host speak of. */
export function kindOf(stats: FileTypeTests): FileKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}
