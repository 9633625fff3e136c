import { constants } from "node:fs";
import { Refusal } from "../sandbox/errno.ts";
import type { FileAnswer, OpenFlags } from "../sandbox/protocol.ts";
import type { DiskQuota } from "./disk-quota.ts";
import type { Handles } from "./handles.ts";
import { inside, openFile, openMounted, type Volume } from "./place.ts";
import type { ResolvedPath } from "./resolve-path.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;

/** The parts that an open needs besides the path and the options. */
export interface Holder {
  readonly handles: Handles;
  readonly quota: DiskQuota;
}

/** Opens a resolved path with the guest's options. */
export async function openResolved(resolved: ResolvedPath, flags: OpenFlags, holder: Holder): Promise<FileAnswer> {
  if (resolved.kind === "folder") return openFolder(resolved, flags, holder);
  if (flags.create && flags.directory) throw new Refusal("INVAL");
  if (resolved.kind === "absent") throw new Refusal(flags.create ? "ROFS" : "NOENT");
  if (resolved.kind === "mounted") return openExisting(resolved.volume, undefined, { flags, holder });
  const { folder, name, found } = resolved;
  if (found === undefined) return create(resolved, flags, holder);
  if (found === "link") throw new Refusal("LOOP");
  if (found === "other") throw new Refusal("NOTSUP");
  return openExisting(folder.volume, inside(folder, name), { flags, holder });
}

async function openFolder(
  resolved: ResolvedPath & { kind: "folder" },
  flags: OpenFlags,
  { handles }: Holder,
): Promise<FileAnswer> {
  if (flags.create && flags.exclusive) throw new Refusal("EXIST");
  // A guest requests every right for a folder; without the directory flag a write right means a file.
  if (flags.truncate || (flags.write && !flags.directory)) throw new Refusal("ISDIR");
  return { kind: "folder", handle: await handles.addFolder(resolved.folder) };
}

async function create(
  resolved: ResolvedPath & { kind: "named" },
  flags: OpenFlags,
  holder: Holder,
): Promise<FileAnswer> {
  const { folder, name } = resolved;
  if (!flags.create) throw new Refusal("NOENT");
  checkNew(folder.volume, name);
  holder.quota.made();
  return keep(folder.volume, inside(folder, name), { flags: O_RDWR | O_CREAT | O_EXCL, truncate: false, holder });
}

/** Without a path it opens the volume itself, a single file. */
function openExisting(
  volume: Volume,
  path: string | undefined,
  { flags, holder }: { flags: OpenFlags; holder: Holder },
): Promise<FileAnswer> {
  if (flags.create && flags.exclusive) throw new Refusal("EXIST");
  if (flags.directory) throw new Refusal("NOTDIR");
  const writes = flags.write || flags.truncate;
  if (writes && !volume.writable) throw new Refusal("ROFS");
  return keep(volume, path, { flags: writes ? O_RDWR : O_RDONLY, truncate: flags.truncate, holder });
}

interface Keeping {
  readonly flags: number;
  readonly truncate: boolean;
  readonly holder: Holder;
}

async function keep(
  volume: Volume,
  path: string | undefined,
  { flags, truncate, holder }: Keeping,
): Promise<FileAnswer> {
  const handle = path === undefined ? await openMounted(volume, flags) : await openFile(path, flags);
  let saved = false;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Refusal("NOTSUP");
    const counted = flags === O_RDONLY ? undefined : { dev: stats.dev, ino: stats.ino, size: stats.size };
    const number = holder.handles.add({ kind: "file", handle, volume, counted });
    saved = true;
    if (counted !== undefined) holder.quota.opened(counted);
    if (counted !== undefined && truncate) {
      await handle.truncate(0);
      holder.quota.resized(counted, 0);
    }
    return { kind: "file", handle: number, fixed: !volume.writable };
  } finally {
    // The handle table closes a handle that it contains; until then only this function can.
    if (!saved) await handle.close();
  }
}

/** Refuses a name that cannot be created. Control characters are refused because results are shown in archives and pages. */
export function checkNew(volume: Volume, name: string): void {
  if (!volume.writable) throw new Refusal("ROFS");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the expression matches
  if (/[\u0000-\u001f\u007f]/.test(name)) throw new Refusal("INVAL");
}
