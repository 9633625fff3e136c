import { Refusal } from "./errno.ts";
import type { Memory } from "./webassembly.ts";

/** A guest's memory. Every access is checked against its current size; outside of it the guest gets FAULT. */
export interface GuestMemory {
  /** A view, not a copy; valid until the guest continues. */
  bytes(pointer: number, length: number): Uint8Array;
  text(pointer: number, length: number): string;
  u8(pointer: number): number;
  u16(pointer: number): number;
  u32(pointer: number): number;
  u64(pointer: number): bigint;
  setU8(pointer: number, value: number): void;
  setU16(pointer: number, value: number): void;
  setU32(pointer: number, value: number): void;
  setU64(pointer: number, value: bigint): void;
  sizeBytes(): number;
}

/** Reads and writes the memory that `find` returns. `find` is called each time, as a growing memory changes its buffer. */
export function guestMemory(find: () => Memory | undefined): GuestMemory {
  const view = (pointer: number, length: number) => {
    const buffer = find()?.buffer;
    if (buffer === undefined || pointer + length > buffer.byteLength) throw new Refusal("FAULT");
    return new DataView(buffer, pointer, length);
  };
  const bytes = (pointer: number, length: number) => {
    const { buffer, byteOffset, byteLength } = view(pointer, length);
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  return {
    bytes,
    text: (pointer, length) => decode(bytes(pointer, length)),
    u8: (pointer) => view(pointer, 1).getUint8(0),
    u16: (pointer) => view(pointer, 2).getUint16(0, true),
    u32: (pointer) => view(pointer, 4).getUint32(0, true),
    u64: (pointer) => view(pointer, 8).getBigUint64(0, true),
    setU8: (pointer, value) => view(pointer, 1).setUint8(0, value),
    setU16: (pointer, value) => view(pointer, 2).setUint16(0, value, true),
    setU32: (pointer, value) => view(pointer, 4).setUint32(0, value, true),
    setU64: (pointer, value) => view(pointer, 8).setBigUint64(0, value, true),
    sizeBytes: () => find()?.buffer.byteLength ?? 0,
  };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("ILSEQ");
  }
}
