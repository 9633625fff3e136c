import { Refusal } from "../errno.ts";
import { type HostContext, hostFunction } from "../host.ts";
import { pathBytesMax } from "../protocol.ts";
import { appendFlag, rights, writeFilestat } from "./records.ts";

const followFlag = 1;
const openFlags = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;
const noBytes = { offset: 0, bytes: new Uint8Array(0) };

/** The functions on paths: each path is sent with the folder that it starts from, and the node resolves it. */
export const pathFunctions = {
  path_open: hostFunction(
    ["u32", "u32", "u32", "u32", "u32", "u64", "u64", "u32", "u32"],
    (host, [fd, lookup, path, length, flags, base, _inheriting, fdFlags, pointer]) => {
      host.memory.u32(pointer);
      const write = (base & rights.write) !== 0n;
      const readable = !write || (base & rights.read) !== 0n;
      const at = where(host, fd, { path, length });
      const opened = open(host, at, { lookup, flags, write, readable, append: (fdFlags & appendFlag) !== 0 });
      host.memory.setU32(pointer, opened);
    },
  ),
  path_filestat_get: hostFunction(["u32", "u32", "u32", "u32", "u32"], (host, [fd, lookup, path, length, pointer]) => {
    const follow = (lookup & followFlag) !== 0;
    const { stats } = host.files({ op: "statAt", ...where(host, fd, { path, length }), follow }).answer;
    writeFilestat(host.memory, pointer, stats);
  }),
  path_readlink: hostFunction(
    ["u32", "u32", "u32", "u32", "u32", "u32"],
    (host, [fd, path, length, to, room, used]) => {
      const into = host.memory.bytes(to, room);
      const { target = "" } = host.files({ op: "readlink", ...where(host, fd, { path, length }) }).answer;
      const bytes = new TextEncoder().encode(target).subarray(0, room);
      into.set(bytes);
      host.memory.setU32(used, bytes.byteLength);
    },
  ),
  path_create_directory: hostFunction(["u32", "u32", "u32"], (host, [fd, path, length]) => {
    host.files({ op: "mkdir", ...where(host, fd, { path, length }) });
  }),
  path_unlink_file: hostFunction(["u32", "u32", "u32"], (host, [fd, path, length]) => {
    host.files({ op: "unlink", ...where(host, fd, { path, length }) });
  }),
  path_remove_directory: hostFunction(["u32", "u32", "u32"], (host, [fd, path, length]) => {
    host.files({ op: "rmdir", ...where(host, fd, { path, length }) });
  }),
  path_rename: hostFunction(
    ["u32", "u32", "u32", "u32", "u32", "u32"],
    (host, [fd, path, length, toFd, toPath, toLength]) => {
      const to = where(host, toFd, { path: toPath, length: toLength });
      const from = where(host, fd, { path, length });
      host.files({ op: "rename", ...from, toFolder: to.folder, toPath: to.path });
    },
  ),
  path_filestat_set_times: hostFunction(
    ["u32", "u32", "u32", "u32", "u64", "u64", "u32"],
    (host, [fd, _lookup, path, length]) => notOffered(host, fd, { path, length }),
  ),
  // A guest cannot create links, so that no link leads out of its tree.
  path_link: hostFunction(
    ["u32", "u32", "u32", "u32", "u32", "u32", "u32"],
    (host, [fd, _lookup, path, length, toFd]) => {
      host.descriptors.folder(toFd);
      notOffered(host, fd, { path, length });
    },
  ),
  path_symlink: hostFunction(["u32", "u32", "u32", "u32", "u32"], (host, [target, targetLength, fd, path, length]) => {
    host.memory.text(target, targetLength);
    notOffered(host, fd, { path, length });
  }),
};

function where(host: HostContext, fd: number, at: { path: number; length: number }) {
  if (at.length > pathBytesMax) throw new Refusal("NAMETOOLONG");
  const path = host.memory.text(at.path, at.length);
  return { folder: host.descriptors.folder(fd).handle, path };
}

function notOffered(host: HostContext, fd: number, at: { path: number; length: number }): never {
  where(host, fd, at);
  throw new Refusal("NOTSUP");
}

interface OpenRequest {
  readonly lookup: number;
  readonly flags: number;
  readonly write: boolean;
  readonly readable: boolean;
  readonly append: boolean;
}

function open(host: HostContext, at: { folder: number; path: string }, request: OpenRequest): number {
  const has = (flag: number) => (request.flags & flag) !== 0;
  const flags = {
    write: request.write,
    create: has(openFlags.create),
    exclusive: has(openFlags.exclusive),
    truncate: has(openFlags.truncate),
    directory: has(openFlags.directory),
  };
  const follow = (request.lookup & followFlag) !== 0;
  const { handle, kind, fixed } = host.files({ op: "open", ...at, follow, flags }).answer;
  if (handle === undefined) throw new Refusal("IO");
  if (kind === "folder") return host.descriptors.add({ kind, handle, preopen: undefined, listing: [] });
  return host.descriptors.add({
    kind: "file",
    handle,
    readable: request.readable,
    writable: request.write,
    fixed: fixed === true,
    append: request.append,
    position: 0,
    ahead: noBytes,
  });
}
