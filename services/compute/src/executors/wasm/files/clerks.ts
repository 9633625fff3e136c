import { Refusal } from "../host/errno.ts";
import type { FileAnswer, FileRequest } from "../host/protocol.ts";
import { factsOf, folderFacts, listFolder } from "./facts.ts";
import type { Handles, OpenedFile } from "./handles.ts";
import type { Ledger } from "./ledger.ts";
import { openSpot } from "./opening.ts";
import { makeFolder, readLink, removeFile, removeFolder, renameSpot, statSpot } from "./path-requests.ts";
import { walk } from "./walk.ts";

/** An answer and its bytes. */
export interface Answered {
  readonly answer: FileAnswer;
  readonly body?: Uint8Array;
}

/** What one guest may do at most. */
export interface DeskLimits {
  readonly diskBytes: number;
  readonly madeFilesMax: number;
  readonly openFilesMax: number;
  readonly listedFilesMax: number;
}

/** What a request may use. */
export interface Room {
  readonly handles: Handles;
  readonly ledger: Ledger;
  readonly limits: DeskLimits;
}
type Requests = { readonly [Request in FileRequest as Request["op"]]: Request };
type Op = keyof Requests;
type Clerks = { readonly [K in Op]: (room: Room, request: Requests[K], body: Uint8Array) => Promise<Answered> };

const answered = async (answer: Promise<FileAnswer>): Promise<Answered> => ({ answer: await answer });

/** How each request is served: a row for each. */
const clerks: Clerks = {
  open: (room, { folder, path, follow, want }) =>
    answered(walk(room.handles.folder(folder), { path, follow }, (spot) => openSpot(spot, want, room))),
  statAt: ({ handles }, { folder, path, follow }) => answered(walk(handles.folder(folder), { path, follow }, statSpot)),
  readlink: ({ handles }, { folder, path }) =>
    answered(walk(handles.folder(folder), { path, follow: false }, readLink)),
  mkdir: ({ handles, ledger }, { folder, path }) =>
    answered(walk(handles.folder(folder), { path, follow: false }, (spot) => makeFolder(spot, ledger))),
  unlink: ({ handles, ledger }, { folder, path }) =>
    answered(walk(handles.folder(folder), { path, follow: false }, (spot) => removeFile(spot, ledger))),
  rmdir: ({ handles, ledger }, { folder, path }) =>
    answered(walk(handles.folder(folder), { path, follow: false }, (spot) => removeFolder(spot, ledger))),
  rename: ({ handles, ledger }, { folder, path, toFolder, toPath }) =>
    answered(
      walk(handles.folder(folder), { path, follow: false }, (from) =>
        walk(handles.folder(toFolder), { path: toPath, follow: false }, (to) => renameSpot(from, to, ledger)),
      ),
    ),
  close: async ({ handles }, { handle }) => {
    await handles.close(handle);
    return { answer: {} };
  },
  stat: async ({ handles }, { handle }) => {
    const opened = handles.get(handle);
    const facts = opened.kind === "file" ? factsOf(await opened.handle.stat()) : await folderFacts(opened.folder);
    return { answer: { facts } };
  },
  list: async ({ handles, limits }, { handle }) => {
    return { answer: { entries: await listFolder(handles.folder(handle), limits.listedFilesMax) } };
  },
  read: async ({ handles }, { handle, offset, length }) => {
    const { bytesRead, buffer } = await handles.file(handle).handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return { answer: {}, body: buffer.subarray(0, bytesRead) };
  },
  write: async ({ handles, ledger }, { handle, offset }, body) => {
    const file = handles.file(handle);
    const counted = writable(file);
    const start = offset ?? ledger.sizeOf(counted);
    // Counted before it is written, so that not one byte too many reaches the disk.
    ledger.reaches(counted, start + body.byteLength);
    for (let sent = 0; sent < body.byteLength; ) {
      const { bytesWritten } = await file.handle.write(body, sent, body.byteLength - sent, start + sent);
      sent += bytesWritten;
    }
    return { answer: { end: start + body.byteLength } };
  },
  resize: async ({ handles, ledger }, { handle, sizeBytes }) => {
    const file = handles.file(handle);
    ledger.resized(writable(file), sizeBytes);
    await file.handle.truncate(sizeBytes);
    return { answer: {} };
  },
  sync: async ({ handles }, { handle }) => {
    await handles.file(handle).handle.sync();
    return { answer: {} };
  },
};

/** Serves a request by its row; `op` is the request's own. Rejects with a Refusal, or with what the host said. */
export function serve<O extends Op>(
  op: O,
  request: Requests[O],
  at: { room: Room; body: Uint8Array },
): Promise<Answered> {
  return clerks[op](at.room, request, at.body);
}

function writable({ counted }: OpenedFile): NonNullable<OpenedFile["counted"]> {
  if (counted === undefined) throw new Refusal("BADF");
  return counted;
}
