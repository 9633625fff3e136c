import type { Descriptor } from "../descriptors.ts";
import type { GuestMemory } from "../guest-memory.ts";
import type { FileKind, FileStat } from "../protocol.ts";

/** Preview 1's number for a kind of file. */
export const fileTypes = { file: 4, folder: 3, link: 7, other: 0 } as const satisfies Record<FileKind, number>;
const characterDevice = 2;

/** The rights that this host checks, as bits. */
export const rights = { read: 1n << 1n, seek: 1n << 2n, position: 1n << 5n, write: 1n << 6n } as const;
// Rights 0 to 29 are all of preview 1. A folder has all of them, because a C library opens files with at most the folder's rights;
// the node decides whether a file may be written when it is opened.
const allRights = (1n << 30n) - 1n;
// A C library takes a stream without the rights SEEK and TELL for a terminal, and writes it line by line.
const streamRights = allRights & ~(rights.seek | rights.position);

export const appendFlag = 1;

const fdstatBytes = 24;
const filestatBytes = 64;

/** Writes an `fdstat`. */
export function writeFdstat(memory: GuestMemory, at: number, descriptor: Descriptor): void {
  memory.bytes(at, fdstatBytes).fill(0);
  const isFolder = descriptor.kind === "folder";
  const isFile = descriptor.kind === "file";
  memory.setU8(at, isFolder ? fileTypes.folder : isFile ? fileTypes.file : characterDevice);
  memory.setU16(at + 2, isFile && descriptor.append ? appendFlag : 0);
  memory.setU64(at + 8, rightsOf(descriptor));
  memory.setU64(at + 16, isFolder ? allRights : 0n);
}

function rightsOf(descriptor: Descriptor): bigint {
  if (descriptor.kind === "folder") return allRights;
  if (descriptor.kind !== "file") return streamRights;
  const withRead = descriptor.readable ? allRights : allRights & ~rights.read;
  return descriptor.writable ? withRead : withRead & ~rights.write;
}

/** Writes a `filestat`. */
export function writeFilestat(memory: GuestMemory, at: number, stats: FileStat | undefined): void {
  memory.bytes(at, filestatBytes).fill(0);
  memory.setU8(at + 16, stats === undefined ? characterDevice : fileTypes[stats.kind]);
  if (stats === undefined) return;
  memory.setU64(at, BigInt(stats.device));
  memory.setU64(at + 8, BigInt(stats.inode));
  memory.setU64(at + 24, BigInt(stats.links));
  memory.setU64(at + 32, BigInt(stats.sizeBytes));
  memory.setU64(at + 40, nanoseconds(stats.accessedAtMs));
  memory.setU64(at + 48, nanoseconds(stats.modifiedAtMs));
  memory.setU64(at + 56, nanoseconds(stats.changedAtMs));
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.trunc(milliseconds * 1000)) * 1000n;
}
