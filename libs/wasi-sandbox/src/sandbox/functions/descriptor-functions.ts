import type { Descriptor } from "../descriptors.ts";
import { Refusal } from "../errno.ts";
import { type HostContext, hostFunction } from "../host.ts";
import type { ListedFile } from "../protocol.ts";
import { appendFlag, fileTypes, writeFdstat, writeFilestat } from "./records.ts";
import { offsetOf, pieces, readInto, vectors, writeFrom } from "./transfer.ts";

const [fromStart, fromHere, fromEnd] = [0, 1, 2];
const direntBytes = 24;
const encoder = new TextEncoder();

/** The functions on open files. */
export const descriptorFunctions = {
  fd_advise: hostFunction(["u32", "u64", "u64", "u32"], ({ descriptors }, [fd]) => {
    descriptors.file(fd);
  }),
  fd_allocate: hostFunction(["u32", "u64", "u64"], (host, [fd, offset, length]) => {
    const file = writable(host, fd);
    const end = offsetOf(offset) + offsetOf(length);
    const { stats } = host.files({ op: "stat", handle: file.handle }).answer;
    if (end > (stats?.sizeBytes ?? 0)) host.files({ op: "resize", handle: file.handle, sizeBytes: end });
  }),
  fd_close: hostFunction(["u32"], (host, [fd]) => release(host, host.descriptors.remove(fd))),
  fd_datasync: hostFunction(["u32"], sync),
  fd_sync: hostFunction(["u32"], sync),
  fd_fdstat_get: hostFunction(["u32", "u32"], ({ memory, descriptors }, [fd, pointer]) => {
    writeFdstat(memory, pointer, descriptors.get(fd));
  }),
  fd_fdstat_set_flags: hostFunction(["u32", "u32"], ({ descriptors }, [fd, flags]) => {
    const descriptor = descriptors.get(fd);
    if (descriptor.kind === "file") descriptor.append = (flags & appendFlag) !== 0;
  }),
  // Rights can be read, not restricted: a file is protected because the node opened it read-only.
  fd_fdstat_set_rights: hostFunction(["u32", "u64", "u64"], ({ descriptors }, [fd]) => {
    descriptors.get(fd);
    throw new Refusal("NOTSUP");
  }),
  fd_filestat_get: hostFunction(["u32", "u32"], (host, [fd, pointer]) => {
    const descriptor = host.descriptors.get(fd);
    const { stats } = "handle" in descriptor ? host.files({ op: "stat", handle: descriptor.handle }).answer : {};
    writeFilestat(host.memory, pointer, stats);
  }),
  fd_filestat_set_size: hostFunction(["u32", "u64"], (host, [fd, size]) => {
    host.files({ op: "resize", handle: writable(host, fd).handle, sizeBytes: offsetOf(size) });
  }),
  fd_filestat_set_times: hostFunction(["u32", "u64", "u64", "u32"], ({ descriptors }, [fd]) => {
    descriptors.get(fd);
    throw new Refusal("NOTSUP");
  }),
  fd_read: hostFunction(["u32", "u32", "u32", "u32"], (host, [fd, list, count, pointer]) => {
    const buffers = vectors(host.memory, list, count);
    host.memory.u32(pointer);
    if (host.descriptors.get(fd).kind === "stdin") return host.memory.setU32(pointer, 0);
    const file = host.descriptors.file(fd);
    const got = readInto(host, file, { buffers, offset: file.position });
    file.position += got;
    host.memory.setU32(pointer, got);
  }),
  fd_pread: hostFunction(["u32", "u32", "u32", "u64", "u32"], (host, [fd, list, count, offset, pointer]) => {
    const buffers = vectors(host.memory, list, count);
    host.memory.u32(pointer);
    const got = readInto(host, host.descriptors.file(fd), { buffers, offset: offsetOf(offset) });
    host.memory.setU32(pointer, got);
  }),
  fd_write: hostFunction(["u32", "u32", "u32", "u32"], (host, [fd, list, count, pointer]) => {
    const buffers = vectors(host.memory, list, count);
    host.memory.u32(pointer);
    host.memory.setU32(pointer, write(host, host.descriptors.get(fd), buffers));
  }),
  fd_pwrite: hostFunction(["u32", "u32", "u32", "u64", "u32"], (host, [fd, list, count, offset, pointer]) => {
    const buffers = vectors(host.memory, list, count);
    host.memory.u32(pointer);
    const { written } = writeFrom(host, host.descriptors.file(fd), { buffers, offset: offsetOf(offset) });
    host.memory.setU32(pointer, written);
  }),
  fd_seek: hostFunction(["u32", "u64", "u32", "u32"], (host, [fd, offset, whence, pointer]) => {
    const file = host.descriptors.file(fd);
    host.memory.u64(pointer);
    file.position = offsetOf(BigInt(base(host, fd, whence)) + BigInt.asIntN(64, offset));
    host.memory.setU64(pointer, BigInt(file.position));
  }),
  fd_tell: hostFunction(["u32", "u32"], (host, [fd, pointer]) => {
    host.memory.setU64(pointer, BigInt(host.descriptors.file(fd).position));
  }),
  fd_renumber: hostFunction(["u32", "u32"], (host, [from, to]) => {
    if (from !== to) release(host, host.descriptors.move(from, to));
    else host.descriptors.get(from);
  }),
  fd_prestat_get: hostFunction(["u32", "u32"], ({ memory, descriptors }, [fd, pointer]) => {
    const path = preopenOf(descriptors.get(fd));
    memory.setU64(pointer, 0n);
    memory.setU32(pointer + 4, path.byteLength);
  }),
  fd_prestat_dir_name: hostFunction(["u32", "u32", "u32"], ({ memory, descriptors }, [fd, pointer, length]) => {
    const path = preopenOf(descriptors.get(fd));
    if (path.byteLength > length) throw new Refusal("NAMETOOLONG");
    memory.bytes(pointer, path.byteLength).set(path);
  }),
  fd_readdir: hostFunction(["u32", "u32", "u32", "u64", "u32"], (host, [fd, pointer, length, cookie, used]) => {
    const folder = host.descriptors.folder(fd);
    const room = host.memory.bytes(pointer, length);
    host.memory.u32(used);
    // Cookie 0 reads the folder again; the others continue in that listing, whatever changes meanwhile.
    if (cookie === 0n) folder.listing = host.files({ op: "list", handle: folder.handle }).answer.entries ?? [];
    host.memory.setU32(used, fill(room, folder.listing, Number(cookie)));
  }),
};

function writable(host: HostContext, fd: number) {
  const file = host.descriptors.file(fd);
  if (!file.writable) throw new Refusal("BADF");
  return file;
}

function release(host: HostContext, descriptor: Descriptor): void {
  if ("handle" in descriptor) host.files({ op: "close", handle: descriptor.handle });
}

function sync(host: HostContext, [fd]: readonly [number]): void {
  const descriptor = host.descriptors.get(fd);
  if (descriptor.kind === "file") host.files({ op: "sync", handle: descriptor.handle });
}

function write(host: HostContext, descriptor: Descriptor, buffers: readonly Uint8Array[]): number {
  if (descriptor.kind === "stdin") throw new Refusal("BADF");
  if (descriptor.kind === "folder") throw new Refusal("ISDIR");
  if (descriptor.kind === "file") {
    const { written, end } = writeFrom(host, descriptor, {
      buffers,
      offset: descriptor.append ? undefined : descriptor.position,
    });
    descriptor.position = end;
    return written;
  }
  for (const piece of pieces(buffers)) host.output(descriptor.kind, piece);
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function base(host: HostContext, fd: number, whence: number): number {
  const file = host.descriptors.file(fd);
  if (whence === fromStart) return 0;
  if (whence === fromHere) return file.position;
  if (whence !== fromEnd) throw new Refusal("INVAL");
  return host.files({ op: "stat", handle: file.handle }).answer.stats?.sizeBytes ?? 0;
}

function preopenOf(descriptor: Descriptor): Uint8Array {
  if (descriptor.kind !== "folder" || descriptor.preopen === undefined) throw new Refusal("BADF");
  return encoder.encode(descriptor.preopen);
}

/** Writes as many entries as fit; the last one may be cut, from which the guest detects that there are more. */
function fill(room: Uint8Array, listing: readonly ListedFile[], first: number): number {
  let used = 0;
  for (let index = first; index < listing.length && used < room.byteLength; index += 1) {
    const entry = listing[index];
    if (entry === undefined) break;
    const record = dirent(entry, index + 1).subarray(0, room.byteLength - used);
    room.set(record, used);
    used += record.byteLength;
  }
  return used;
}

function dirent({ name, kind, inode }: ListedFile, next: number): Uint8Array {
  const bytes = encoder.encode(name);
  const record = new Uint8Array(direntBytes + bytes.byteLength);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setBigUint64(8, BigInt(inode), true);
  view.setUint32(16, bytes.byteLength, true);
  view.setUint8(20, fileTypes[kind]);
  record.set(bytes, direntBytes);
  return record;
}
