import { Refusal } from "../sandbox/errno.ts";
import type { FileAnswer, FileRequest } from "../sandbox/protocol.ts";
import type { DiskQuota } from "./disk-quota.ts";
import type { Handles, OpenedFile } from "./handles.ts";
import { openResolved } from "./open.ts";
import { makeFolder, readLink, removeFile, removeFolder, renameResolved, statResolved } from "./path-requests.ts";
import { resolvePath } from "./resolve-path.ts";
import { fileStatOf, folderStat, listFolder } from "./stat.ts";

/** A reply and its bytes. */
export interface Answered {
  readonly answer: FileAnswer;
  readonly body?: Uint8Array;
}

/** Limits of one guest. */
export interface FilesystemLimits {
  readonly diskBytes: number;
  readonly madeFilesMax: number;
  readonly openFilesMax: number;
  readonly listedFilesMax: number;
}

/** The parts that a request may use. */
export interface Room {
  readonly handles: Handles;
  readonly quota: DiskQuota;
  readonly limits: FilesystemLimits;
}
type Requests = { readonly [Request in FileRequest as Request["op"]]: Request };
type Op = keyof Requests;
type FileOperations = { readonly [K in Op]: (room: Room, request: Requests[K], body: Uint8Array) => Promise<Answered> };

const answered = async (answer: Promise<FileAnswer>): Promise<Answered> => ({ answer: await answer });

/** The handler of each request. */
const fileOperations: FileOperations = {
  open: (room, { folder, path, follow, flags }) =>
    answered(
      resolvePath(room.handles.folder(folder), { path, follow }, (resolved) => openResolved(resolved, flags, room)),
    ),
  statAt: ({ handles }, { folder, path, follow }) =>
    answered(resolvePath(handles.folder(folder), { path, follow }, statResolved)),
  readlink: ({ handles }, { folder, path }) =>
    answered(resolvePath(handles.folder(folder), { path, follow: false }, readLink)),
  mkdir: ({ handles, quota }, { folder, path }) =>
    answered(resolvePath(handles.folder(folder), { path, follow: false }, (resolved) => makeFolder(resolved, quota))),
  unlink: ({ handles, quota }, { folder, path }) =>
    answered(resolvePath(handles.folder(folder), { path, follow: false }, (resolved) => removeFile(resolved, quota))),
  rmdir: ({ handles, quota }, { folder, path }) =>
    answered(resolvePath(handles.folder(folder), { path, follow: false }, (resolved) => removeFolder(resolved, quota))),
  rename: ({ handles, quota }, { folder, path, toFolder, toPath }) =>
    answered(
      resolvePath(handles.folder(folder), { path, follow: false }, (from) =>
        resolvePath(handles.folder(toFolder), { path: toPath, follow: false }, (to) => renameResolved(from, to, quota)),
      ),
    ),
  close: async ({ handles }, { handle }) => {
    await handles.close(handle);
    return { answer: {} };
  },
  stat: async ({ handles }, { handle }) => {
    const opened = handles.get(handle);
    const stats = opened.kind === "file" ? fileStatOf(await opened.handle.stat()) : await folderStat(opened.folder);
    return { answer: { stats } };
  },
  list: async ({ handles, limits }, { handle }) => {
    return { answer: { entries: await listFolder(handles.folder(handle), limits.listedFilesMax) } };
  },
  read: async ({ handles }, { handle, offset, length }) => {
    const { bytesRead, buffer } = await handles.file(handle).handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return { answer: {}, body: buffer.subarray(0, bytesRead) };
  },
  write: async ({ handles, quota }, { handle, offset }, body) => {
    const file = handles.file(handle);
    const counted = writable(file);
    const start = offset ?? quota.sizeOf(counted);
    // Counted before the write, so that no byte over the limit reaches the disk.
    quota.reaches(counted, start + body.byteLength);
    for (let sent = 0; sent < body.byteLength; ) {
      const { bytesWritten } = await file.handle.write(body, sent, body.byteLength - sent, start + sent);
      sent += bytesWritten;
    }
    return { answer: { end: start + body.byteLength } };
  },
  resize: async ({ handles, quota }, { handle, sizeBytes }) => {
    const file = handles.file(handle);
    quota.resized(writable(file), sizeBytes);
    await file.handle.truncate(sizeBytes);
    return { answer: {} };
  },
  sync: async ({ handles }, { handle }) => {
    await handles.file(handle).handle.sync();
    return { answer: {} };
  },
};

/** Serves a request by its `op`. Rejects with a Refusal, or with the host's error. */
export function serve<O extends Op>(
  op: O,
  request: Requests[O],
  at: { room: Room; body: Uint8Array },
): Promise<Answered> {
  return fileOperations[op](at.room, request, at.body);
}

function writable({ counted }: OpenedFile): NonNullable<OpenedFile["counted"]> {
  if (counted === undefined) throw new Refusal("BADF");
  return counted;
}
