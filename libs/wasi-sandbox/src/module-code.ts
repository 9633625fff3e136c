import type { ModuleReader } from "./module-reader.ts";

/**
 * Maximum of locals × blocks of one function. V8's compilers store the location of every local for every block that a branch leaves:
 * 12 bytes each (measured: 50,000 × 4,000 took 2.4 GB for a module of 32 KB). So this is at most 192 MiB, within `overheadBytes` in
 * limits.ts; the largest functions of real programs (loops of interpreters) reach 3 million.
 */
export const localsTimesBlocksMax = 16_777_216;

/**
 * Maximum size of the functions of one module that are decoded by instruction, at most 0.3 s: only functions with many locals for their
 * length are, a few hundred KiB in real programs.
 */
const readBytesMax = 16 * 1024 * 1024;

// V8's own limits.
const [typesMax, functionsMax] = [1_000_000, 1_000_000];
// V8's own limit, used for a function whose type this reader does not support.
const paramsMax = 1000;
// A block has at least an opcode, its type and its end.
const blockBytesMin = 3;
const functionForm = 0x60;
const longReferences = [0x63, 0x64];

/** The number of parameters of each type in the type section. */
export function readParams(reader: ModuleReader): readonly number[] {
  const params: number[] = [];
  const count = reader.count(typesMax, "types");
  for (let index = 0; index < count; index += 1) {
    // Type groups and structures belong to garbage collection: the types after them are not read.
    if (reader.byte() !== functionForm) return params;
    params.push(readTypes(reader));
    readTypes(reader);
  }
  return params;
}

function readTypes(reader: ModuleReader): number {
  const count = reader.number();
  for (let index = 0; index < count; index += 1) if (longReferences.includes(reader.byte())) reader.number();
  return count;
}

/** The type of each function that the function section declares. */
export function readFunctions(reader: ModuleReader): readonly number[] {
  const count = reader.count(functionsMax, "functions");
  const functions: number[] = [];
  for (let index = 0; index < count; index += 1) functions.push(reader.number());
  return functions;
}

/** Refuses a module with a function whose compilation would take far more memory than its size. */
export function checkCode(reader: ModuleReader, paramsOf: (index: number) => number | undefined): void {
  const count = reader.count(functionsMax, "functions");
  let readBytes = 0;
  for (let index = 0; index < count; index += 1) {
    const end = reader.number() + reader.at();
    const locals = (paramsOf(index) ?? paramsMax) + readLocals(reader);
    // Nearly every function is too short to exceed the limit, so that few are decoded.
    if ((locals * (end - reader.at())) / blockBytesMin > localsTimesBlocksMax) {
      readBytes += end - reader.at();
      if (readBytes > readBytesMax)
        reader.refuse(`more than ${readBytesMax} bytes of its functions have very many locals`);
      const blocks = countBlocks(reader, end);
      if (locals * blocks > localsTimesBlocksMax) {
        reader.refuse(
          `its function ${index} has ${locals} locals and ${blocks} blocks; locals times blocks may be at most ${localsTimesBlocksMax}: split the function, or compile it with optimisation;`,
        );
      }
    }
    reader.skip(end - reader.at());
  }
}

function readLocals(reader: ModuleReader): number {
  const groups = reader.number();
  let locals = 0;
  for (let index = 0; index < groups; index += 1) {
    locals += reader.number();
    if (longReferences.includes(reader.byte())) reader.number();
  }
  return locals;
}

/** The operands of an opcode: numbers, bytes, a block type, or a special form. */
type Behind = number | "block" | "memory" | "f32" | "f64" | "table" | "types" | "try" | "bulk" | "simd" | "atomic";

const behind = new Map<number, Behind>();
const row = (opcodes: readonly number[], what: Behind) => {
  for (const opcode of opcodes) behind.set(opcode, what);
};
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
row([0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, ...range(0x45, 0xc4), 0xd1, 0xd3, 0xd4], 0);
row([0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18, ...range(0x20, 0x26), 0x3f, 0x40, 0x41, 0x42], 1);
row([0xd0, 0xd2, 0xd5, 0xd6], 1);
row([0x11, 0x13], 2);
row([0x02, 0x03, 0x04, 0x06], "block");
row(range(0x28, 0x3e), "memory");
row([0x0e], "table");
row([0x1c], "types");
row([0x1f], "try");
row([0x43], "f32");
row([0x44], "f64");
row([0xfc], "bulk");
row([0xfd], "simd");
row([0xfe], "atomic");

/** Counts blocks, loops, ifs and tries until `end`. After an unknown opcode it assumes the maximum for the rest. */
function countBlocks(reader: ModuleReader, end: number): number {
  let blocks = 0;
  while (reader.at() < end) {
    const what = behind.get(reader.byte());
    if (what === undefined) return blocks + Math.floor((end - reader.at()) / blockBytesMin);
    if (what === "block" || what === "try") blocks += 1;
    if (typeof what === "number") numbers(reader, what);
    else forms[what](reader);
  }
  return blocks;
}

function numbers(reader: ModuleReader, count: number): void {
  for (let index = 0; index < count; index += 1) reader.number();
}

// Bit 6 of an alignment: the index of a memory follows.
const hasMemory = 0x40;
const memoryArgument = (reader: ModuleReader) => numbers(reader, (reader.number() & hasMemory) === 0 ? 1 : 2);
const blockType = (reader: ModuleReader) => {
  if (longReferences.includes(reader.byte())) reader.number();
};
// The number of operands of the instructions 0 to 17 with the prefix 0xfc.
const bulkNumbers = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
const constantBytes = 16;
const atomicFence = 3;

const forms: Readonly<Record<Exclude<Behind, number>, (reader: ModuleReader) => void>> = {
  block: blockType,
  memory: memoryArgument,
  f32: (reader) => reader.skip(4),
  f64: (reader) => reader.skip(8),
  table: (reader) => numbers(reader, reader.number() + 1),
  types: (reader) => void readTypes(reader),
  try: (reader) => {
    blockType(reader);
    const catches = reader.number();
    // 0 and 1 catch a tag and name a label; 2 and 3 catch all and name a label.
    for (let index = 0; index < catches; index += 1) numbers(reader, reader.byte() < 2 ? 2 : 1);
  },
  bulk: (reader) => numbers(reader, bulkNumbers[reader.number()] ?? 0),
  simd: (reader) => {
    const opcode = reader.number();
    if (opcode <= 11 || opcode === 92 || opcode === 93) memoryArgument(reader);
    else if (opcode === 12 || opcode === 13) reader.skip(constantBytes);
    else if (opcode >= 21 && opcode <= 34) reader.skip(1);
    else if (opcode >= 84 && opcode <= 91) {
      memoryArgument(reader);
      reader.skip(1);
    }
  },
  atomic: (reader) => (reader.number() === atomicFence ? reader.skip(1) : memoryArgument(reader)),
};
