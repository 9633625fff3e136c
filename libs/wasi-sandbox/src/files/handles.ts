import type { FileHandle } from "node:fs/promises";
import { Refusal } from "../sandbox/errno.ts";
import type { DiskQuota } from "./disk-quota.ts";
import { type Folder, type HostFolder, openAgain, type Volume } from "./place.ts";

/** A file that a guest has open. */
export interface OpenedFile {
  readonly kind: "file";
  readonly handle: FileHandle;
  readonly volume: Volume;
  /** Set when it is writable: its identity in the quota. */
  readonly counted: { readonly dev: number; readonly ino: number; readonly size: number } | undefined;
}
export type OpenedEntry = OpenedFile | { readonly kind: "folder"; readonly folder: Folder };

/** The handle numbers of a guest's open files and folders. */
export interface Handles {
  add(opened: OpenedEntry): number;
  /** Adds a folder that is reopened, as the one of a path lookup is closed after it. */
  addFolder(folder: Folder): Promise<number>;
  file(number: number): OpenedFile;
  folder(number: number): Folder;
  get(number: number): OpenedEntry;
  close(number: number): Promise<void>;
  closeAll(): Promise<void>;
}

/** Creates a table of at most `openFilesMax` handles; one more is refused with MFILE. */
export function handles(openFilesMax: number, quota: DiskQuota): Handles {
  const open = new Map<number, OpenedEntry>();
  let last = 0;
  const get = (number: number): OpenedEntry => {
    const opened = open.get(number);
    if (opened === undefined) throw new Refusal("BADF");
    return opened;
  };
  const add = (opened: OpenedEntry): number => {
    last += 1;
    open.set(last, opened);
    return last;
  };
  const room = () => {
    if (open.size >= openFilesMax) throw new Refusal("MFILE");
  };
  const close = async (number: number) => {
    const opened = get(number);
    open.delete(number);
    await release(opened, quota);
  };
  return {
    get,
    add: (opened) => {
      room();
      return add(opened);
    },
    addFolder: async (folder) => {
      room();
      return add({ kind: "folder", folder: folder.kind === "virtual" ? folder : await openAgain(folder) });
    },
    file: (number) => {
      const opened = get(number);
      if (opened.kind !== "file") throw new Refusal("ISDIR");
      return opened;
    },
    folder: (number) => {
      const opened = get(number);
      if (opened.kind !== "folder") throw new Refusal("NOTDIR");
      return opened.folder;
    },
    close,
    closeAll: async () => {
      for (const number of [...open.keys()]) await close(number);
    },
  };
}

async function release(opened: OpenedEntry, quota: DiskQuota): Promise<void> {
  if (opened.kind === "folder") return closeFolder(opened.folder);
  if (opened.counted !== undefined) quota.closed(opened.counted);
  await opened.handle.close();
}

async function closeFolder(folder: Folder): Promise<void> {
  if (folder.kind === "folder") await (folder satisfies HostFolder).handle.close();
}
