import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { type Errno, errnoNames, Refusal } from "../sandbox/errno.ts";
import type { FileRequest } from "../sandbox/protocol.ts";
import { diskQuota } from "./disk-quota.ts";
import { type Answered, type FilesystemLimits, type Room, serve } from "./file-operations.ts";
import { handles } from "./handles.ts";
import { inside, openFile, openMounted, openVolume } from "./place.ts";
import { type ResolvedPath, resolvePath } from "./resolve-path.ts";
import type { GuestTree } from "./tree.ts";

/** Serves the file requests of a guest's process. It resolves paths in this guest's tree only. */
export interface GuestFilesystem {
  /** Opens the folders that a guest has from the start: its root, and each folder where a volume begins. */
  preopen(): Promise<readonly { readonly handle: number; readonly path: string }[]>;
  /** Serves a request; any failure becomes an error number for the guest. Never rejects. */
  serve(request: FileRequest, body: Uint8Array): Promise<Answered>;
  /** Reads a whole file of the tree for the node itself; undefined when it is larger than `bytesMax`. */
  read(path: string, bytesMax: number): Promise<Uint8Array | undefined>;
  /** Closes every open handle. */
  close(): Promise<void>;
}

/** Creates the file system of one guest's tree; `exceeded` is called when the guest exceeds its quota. */
export function guestFilesystem(
  tree: GuestTree,
  limits: FilesystemLimits,
  exceeded: (why: string) => void,
): GuestFilesystem {
  const counts = diskQuota(limits, exceeded);
  const room: Room = { quota: counts, handles: handles(limits.openFilesMax, counts), limits };
  return {
    preopen: async () => {
      const root = { path: "/", handle: room.handles.add({ kind: "folder", folder: tree.root }) };
      const opened = [root];
      for (const { path, volume } of tree.volumes) {
        const folder = await openVolume(volume);
        opened.push({ path, handle: room.handles.add({ kind: "folder", folder }) });
      }
      return opened;
    },
    serve: (request, body) => served(serve(request.op, request, { room, body })),
    read: (path, bytesMax) => readWhole(tree, path, bytesMax),
    close: () => room.handles.closeAll(),
  };
}

async function served(answer: Promise<Answered>): Promise<Answered> {
  try {
    return await answer;
  } catch (failure) {
    return { answer: { errno: errnoOf(failure) } };
  }
}

const known = new Map<string, Errno>(errnoNames.map((name) => [`E${name}`, name]));

/** The WASI error of a failure; IO for one without a WASI error. */
export function errnoOf(failure: unknown): Errno {
  if (failure instanceof Refusal) return failure.errno;
  const code = failure instanceof Error && "code" in failure ? String(failure.code) : "";
  return known.get(code) ?? "IO";
}

function readWhole(tree: GuestTree, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const way = { path: path.replace(/^\/+/, ""), follow: true };
  return resolvePath(tree.root, way, async (resolved) => {
    const handle = await openToRead(resolved);
    try {
      const { size } = await handle.stat();
      return size > bytesMax ? undefined : await handle.readFile();
    } finally {
      await handle.close();
    }
  });
}

async function openToRead(resolved: ResolvedPath): Promise<FileHandle> {
  if (resolved.kind === "mounted") return openMounted(resolved.volume, constants.O_RDONLY);
  if (resolved.kind === "folder") throw new Refusal("ISDIR");
  if (resolved.kind === "absent" || resolved.found === undefined) throw new Refusal("NOENT");
  return openFile(inside(resolved.folder, resolved.name), constants.O_RDONLY);
}
