import type { OpenFile } from "../descriptors.ts";
import { Refusal } from "../errno.ts";
import type { GuestMemory } from "../guest-memory.ts";
import type { HostContext } from "../host.ts";
import { bodyBytesMax } from "../protocol.ts";

// A guest's C library reads 4 KiB at a time; 256 KiB ahead makes one round trip of 64.
const aheadBytes = 256 * 1024;
const vectorBytes = 8;
// The count of bytes is an unsigned 32-bit number; POSIX allows to refuse sums above 2^31 - 1.
const transferBytesMax = 2 ** 31 - 1;

/** A file's offset as a number. Offsets above 2^53 - 1 are refused. */
export function offsetOf(value: bigint): number {
  const offset = BigInt.asIntN(64, value);
  if (offset < 0n) throw new Refusal("INVAL");
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new Refusal("FBIG");
  return Number(offset);
}

/** The guest's list of buffers, all checked before the first is used. */
export function vectors(memory: GuestMemory, list: number, count: number): readonly Uint8Array[] {
  memory.bytes(list, count * vectorBytes);
  const buffers: Uint8Array[] = [];
  let total = 0;
  for (let at = list; at < list + count * vectorBytes; at += vectorBytes) {
    const buffer = memory.bytes(memory.u32(at), memory.u32(at + 4));
    total += buffer.byteLength;
    if (total > transferBytesMax) throw new Refusal("INVAL");
    buffers.push(buffer);
  }
  return buffers;
}

/** Fills the buffers from `offset` until they are full or the file ends; returns the number of bytes. */
export function readInto(
  host: HostContext,
  file: OpenFile,
  into: { buffers: readonly Uint8Array[]; offset: number },
): number {
  if (!file.readable) throw new Refusal("BADF");
  let total = 0;
  for (const buffer of into.buffers) {
    for (let filled = 0; filled < buffer.byteLength; ) {
      const bytes = bytesAt(host, file, { offset: into.offset + total, length: buffer.byteLength - filled });
      if (bytes.byteLength === 0) return total;
      buffer.set(bytes, filled);
      filled += bytes.byteLength;
      total += bytes.byteLength;
    }
  }
  return total;
}

function bytesAt(host: HostContext, file: OpenFile, range: { offset: number; length: number }): Uint8Array {
  const { ahead } = file;
  const skip = range.offset - ahead.offset;
  if (skip >= 0 && skip < ahead.bytes.byteLength) return ahead.bytes.subarray(skip, skip + range.length);
  // Reading ahead pays only for a sequential read; and only a file that cannot change may be cached.
  const readsOn = skip === ahead.bytes.byteLength;
  const length = file.fixed && readsOn ? Math.max(range.length, aheadBytes) : range.length;
  const request = {
    op: "read",
    handle: file.handle,
    offset: range.offset,
    length: Math.min(length, bodyBytesMax),
  } as const;
  const { body } = host.files(request);
  if (file.fixed) file.ahead = { offset: range.offset, bytes: body };
  return body.subarray(0, range.length);
}

/** Writes the buffers from `offset`, or at the file's end without one; returns the number of bytes. */
export function writeFrom(
  host: HostContext,
  file: OpenFile,
  from: { buffers: readonly Uint8Array[]; offset: number | undefined },
): { readonly written: number; readonly end: number } {
  if (!file.writable) throw new Refusal("BADF");
  let written = 0;
  let end = from.offset ?? file.position;
  for (const piece of pieces(from.buffers)) {
    const offset = from.offset === undefined ? undefined : from.offset + written;
    const { answer } = host.files({ op: "write", handle: file.handle, offset }, piece);
    written += piece.byteLength;
    end = answer.end ?? (from.offset ?? 0) + written;
  }
  return { written, end };
}

/** The buffers in pieces that fit a frame; small ones are joined, because each piece is a round trip. */
export function* pieces(buffers: readonly Uint8Array[]): Generator<Uint8Array> {
  const total = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (total <= bodyBytesMax) {
    if (total > 0) yield Buffer.concat(buffers);
    return;
  }
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.byteLength; at += bodyBytesMax) yield buffer.subarray(at, at + bodyBytesMax);
  }
}
