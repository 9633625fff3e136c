import { Fault } from "@shoal/core";
import { checkCode, readFunctions, readParams } from "./module-code.ts";
import { leb128, type ModuleReader, moduleReader } from "./module-reader.ts";
import type { RequiredMemory } from "./sandbox/protocol.ts";

/** A mounted module. */
export interface NamedModule {
  readonly path: string;
  readonly bytes: Uint8Array;
}
/** The modules with limited memories, and the memories that they import. */
export interface LimitedModules {
  readonly modules: readonly NamedModule[];
  readonly memories: readonly RequiredMemory[];
}

interface Limits {
  readonly flags: number;
  readonly minimum: number;
  readonly maximum: number | undefined;
}
interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}
interface Surveyed extends NamedModule {
  readonly sections: readonly Section[];
  readonly defined: readonly Limits[];
  readonly imported: readonly (Limits & { readonly module: string; readonly name: string })[];
}

/** A page of WebAssembly memory. */
export const pageBytes = 65_536;
// 4 GiB: the range of a 32-bit address.
const addressablePages = 65_536;

const headerBytes = 8;
// Each section of the specification occurs once; a compiler adds a few dozen custom sections.
const sectionsMax = 1000;
// The engine's own limit.
const importsMax = 1_000_000;
// The engine allows 100,000. Modules with more than one are rare, and each memory is processed separately.
const memoriesMax = 1000;
const typeSection = 1;
const importSection = 2;
const functionSection = 3;
const memorySection = 5;
const codeSection = 10;
const hasMaximum = 1;
const shared = 2;
// The header of a core module: "\0asm" and version 1. A component has another version.
const coreHeader = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const [functionImport, tableImport, memoryImport, globalImport, tagImport] = [0, 1, 2, 3, 4];
// Reference types with a heap type: one more number follows.
const longReferences = [0x63, 0x64];

/**
 * Limits the memories of these modules to `memoryBytes` together. Each gets its initial size and an even share of the rest, so that a
 * task with one memory, the usual case, gets all of it. A memory that modules share is counted where it is defined. Throws a Fault
 * TASK_INVALID for an invalid module, OUT_OF_MEMORY for modules that start with more than the limit.
 */
export function limitMemories(named: readonly NamedModule[], memoryBytes: number): LimitedModules {
  const surveyed = named.map(survey);
  const paths = new Set(named.map(({ path }) => path));
  const fromOutside = surveyed.flatMap(({ imported }) => imported).filter(({ module }) => !paths.has(module));
  const all = [...surveyed.flatMap(({ defined }) => defined), ...fromOutside];
  const pages = Math.min(Math.floor(memoryBytes / pageBytes), addressablePages);
  const started = all.reduce((sum, { minimum }) => sum + minimum, 0);
  if (started > pages) throw tooLarge(named, { started, memoryBytes });
  const share = all.length === 0 ? 0 : Math.floor((pages - started) / all.length);
  const most = ({ minimum, maximum }: Limits) => Math.min(minimum + share, maximum ?? Number.POSITIVE_INFINITY);
  const memories = fromOutside.map((limits) => ({
    module: limits.module,
    name: limits.name,
    minimumPages: limits.minimum,
    maximumPages: most(limits),
  }));
  return { modules: surveyed.map((module) => rewrite(module, most)), memories };
}

function tooLarge(named: readonly NamedModule[], found: { started: number; memoryBytes: number }): Fault {
  const startBytes = found.started * pageBytes;
  const paths = named.map(({ path }) => path).join(", ");
  return new Fault(
    "OUT_OF_MEMORY",
    `${paths} starts with ${startBytes} bytes of memory; the task may use ${found.memoryBytes}`,
  );
}

function survey({ path, bytes }: NamedModule): Surveyed {
  const reader = moduleReader(path, bytes);
  if (coreHeader.some((value, index) => bytes[index] !== value)) reader.refuse(describeHeader(bytes));
  reader.skip(headerBytes);
  const sections: Section[] = [];
  let imported: Surveyed["imported"] = [];
  let defined: Surveyed["defined"] = [];
  let [params, functions]: (readonly number[])[] = [[], []];
  while (!reader.atEnd()) {
    const start = reader.at();
    const id = reader.byte();
    const length = reader.number();
    const body = reader.at();
    reader.skip(length);
    sections.push({ id, start, end: reader.at() });
    if (sections.length > sectionsMax) reader.refuse(`it has more than ${sectionsMax} sections`);
    const inside = moduleReader(path, bytes.subarray(0, reader.at()), body);
    if (id === importSection) imported = [...imported, ...readImports(inside)];
    if (id === memorySection) defined = [...defined, ...readMemories(inside)];
    if (id === typeSection) params = readParams(inside);
    if (id === functionSection) functions = readFunctions(inside);
    if (id === codeSection) checkCode(inside, (index) => params?.[functions?.[index] ?? -1]);
  }
  return { path, bytes, sections, imported, defined };
}

function describeHeader(bytes: Uint8Array): string {
  const isWasm = coreHeader.slice(0, 4).every((value, index) => bytes[index] === value);
  return isWasm
    ? "it is a component or has another version (only core modules are supported)"
    : "it does not begin with \\0asm";
}

function readMemories(reader: ModuleReader): readonly Limits[] {
  const count = reader.count(memoriesMax, "memories");
  const memories: Limits[] = [];
  for (let index = 0; index < count; index += 1) memories.push(readMemory(reader));
  return memories;
}

function readMemory(reader: ModuleReader): Limits {
  const limits = readLimits(reader);
  // Further bits mean 64-bit memories and pages of another size.
  if (limits.flags & shared) reader.refuse("it shares memory between threads, which tasks do not support,");
  if (limits.flags > hasMaximum) reader.refuse("it uses a kind of memory that preview 1 does not support");
  return limits;
}

function readLimits(reader: ModuleReader): Limits {
  const flags = reader.byte();
  const minimum = reader.number();
  return { flags, minimum, maximum: flags & hasMaximum ? reader.number() : undefined };
}

function readImports(reader: ModuleReader): Surveyed["imported"] {
  const count = reader.count(importsMax, "imports");
  const imported: (Limits & { module: string; name: string })[] = [];
  for (let index = 0; index < count; index += 1) {
    const namesAt = reader.at();
    reader.skip(reader.number());
    reader.skip(reader.number());
    const kind = reader.byte();
    if (kind === memoryImport) {
      const names = reader.from(namesAt);
      imported.push({ module: names.text(), name: names.text(), ...readMemory(reader) });
    } else skipImport(reader, kind);
    if (imported.length > memoriesMax) reader.refuse(`it imports more than ${memoriesMax} memories`);
  }
  return imported;
}

function skipImport(reader: ModuleReader, kind: number): void {
  if (kind === functionImport) reader.number();
  else if (kind === tableImport) {
    skipType(reader);
    readLimits(reader);
  } else if (kind === globalImport) {
    skipType(reader);
    reader.byte();
  } else if (kind === tagImport) {
    reader.byte();
    reader.number();
  } else reader.refuse(`an import is of the unknown kind ${kind}`);
}

function skipType(reader: ModuleReader): void {
  if (longReferences.includes(reader.byte())) reader.number();
}

function rewrite(module: Surveyed, most: (limits: Limits) => number): NamedModule {
  const { path, bytes, sections, defined } = module;
  const entries = defined.flatMap((limits) => [hasMaximum, ...leb128(limits.minimum), ...leb128(most(limits))]);
  const body = [...leb128(defined.length), ...entries];
  const section = Uint8Array.from([memorySection, ...leb128(body.length), ...body]);
  const parts = sections.map(({ id, start, end }) => (id === memorySection ? section : bytes.subarray(start, end)));
  return { path, bytes: Buffer.concat([bytes.subarray(0, headerBytes), ...parts]) };
}
