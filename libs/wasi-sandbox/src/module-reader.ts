import { Fault } from "@shoal/core";

/** Reads the parts of a binary module that the memory limit needs. An unreadable part is a Fault with its position. */
export interface ModuleReader {
  readonly at: () => number;
  readonly atEnd: () => boolean;
  readonly byte: () => number;
  /** An unsigned number in LEB128. Exact up to 2^53; larger ones stay larger. */
  readonly number: () => number;
  /** The number of items that follow; refused above `most`, as data of each is stored. */
  readonly count: (most: number, what: string) => number;
  readonly skip: (length: number) => void;
  readonly text: () => string;
  /** Another reader of the same module, starting at this byte. */
  readonly from: (at: number) => ModuleReader;
  readonly refuse: (why: string) => never;
}

/** A 64-bit number has at most ten bytes of seven bits. */
const numberBytesMax = 10;

const decoder = new TextDecoder();

/** Starts at the byte `start` of `bytes`; `path` names the module in Faults. */
export function moduleReader(path: string, bytes: Uint8Array, start = 0): ModuleReader {
  let at = start;
  const refuse = (why: string): never => {
    throw new Fault("TASK_INVALID", `${path} is not a valid WebAssembly module: ${why} at byte ${at}`);
  };
  const byte = () => {
    const value = bytes[at];
    if (value === undefined) return refuse("it ends in the middle of a section");
    at += 1;
    return value;
  };
  const number = () => {
    let value = 0;
    for (let index = 0; index < numberBytesMax; index += 1) {
      const part = byte();
      value += (part & 0x7f) * 2 ** (7 * index);
      if (part < 0x80) return value;
    }
    return refuse("a number is too long");
  };
  const skip = (length: number) => {
    if (at + length > bytes.byteLength) refuse("a part ends after the end of the module");
    at += length;
  };
  const count = (most: number, what: string) => {
    const counted = number();
    return counted > most ? refuse(`it has ${counted} ${what}; at most ${most} are allowed`) : counted;
  };
  const text = () => {
    const length = number();
    skip(length);
    return decoder.decode(bytes.subarray(at - length, at));
  };
  const from = (other: number) => moduleReader(path, bytes, other);
  return { at: () => at, atEnd: () => at >= bytes.byteLength, byte, number, count, skip, text, from, refuse };
}

/** A number in LEB128. */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const part = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? part + 128 : part);
  } while (rest > 0);
  return bytes;
}
