import wabt from "wabt";
import { type Preview1Name, signatures } from "./signatures.ts";

const { parseWat } = await wabt();

/** Writes a guest's steps in WebAssembly's text format. */
export interface Pen {
  /** The address and the length of a text, as two arguments. */
  text(value: string): string;
  /** The address of `bytes` zeroed bytes. */
  room(bytes: number): number;
  /** Calls a function of preview 1 and ends the guest with its error number, unless it is 0. */
  must(name: Preview1Name, ...args: (string | number | bigint)[]): string;
  /** Calls a function of preview 1; the error number stays. */
  call(name: Preview1Name, ...args: (string | number | bigint)[]): string;
  /** Calls functions of preview 1 one after the other and prints their error numbers, a byte each. */
  emit(calls: readonly string[]): string;
  /** A list of one buffer of `bytes` bytes, for functions that read and write; returns the step that fills it in, and its address. */
  buffer(bytes: number): { readonly step: string; readonly list: number; readonly at: number };
  /** Prints a text to a descriptor. */
  print(fd: number, value: string): string;
  /** Opens a path below the descriptor of a folder; the new descriptor is the value of the expression in `fd`. */
  open(folder: number, path: string, how?: Opening): { readonly step: string; readonly fd: string };
}
export interface Opening {
  readonly follow?: boolean;
  readonly write?: boolean;
  readonly create?: boolean;
  readonly directory?: boolean;
}

export interface ProgramOptions {
  /** Minimum and maximum of its memory in pages. */
  readonly memory?: string;
  /** Further definitions besides the entry function. */
  readonly beside?: string;
}

/** The descriptor of the guest's root. */
export const root = 3;
const writeRight = 1n << 6n;
const readRight = 1n << 1n;

/** Compiles WebAssembly text. */
export function fromText(text: string): Uint8Array {
  return parseWat("guest.wat", text, { exceptions: true, reference_types: true }).toBinary({}).buffer;
}

/** A command in WASI that runs these steps. */
export function program(write: (pen: Pen) => readonly string[], options: ProgramOptions = {}): Uint8Array {
  const { memory = "2", beside = "" } = options;
  let end = 1024;
  const data: string[] = [];
  const room = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 8) * 8;
    return at;
  };
  const pen = penOn(room, data);
  const steps = write(pen);
  const imports = Object.entries(signatures).map(([name, kinds]) => {
    const params = [...kinds].map((kind) => (kind === "j" ? "i64" : "i32")).join(" ");
    const result = name === "proc_exit" ? "" : "(result i32)";
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${params}) ${result}))`;
  });
  return fromText(`(module ${imports.join("\n")}
    (memory (export "memory") ${memory})
    ${data.join("\n")}
    (func $must (param $errno i32) (if (local.get $errno) (then (call $proc_exit (local.get $errno)))))
    ${beside}
    (func (export "_start") ${steps.join("\n")}))`);
}

function penOn(room: (bytes: number) => number, data: string[]): Pen {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    const at = room(bytes.byteLength);
    const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    data.push(`(data (i32.const ${at}) "${escaped}")`);
    return `(i32.const ${at}) (i32.const ${bytes.byteLength})`;
  };
  const call: Pen["call"] = (name, ...args) => `(call $${name} ${args.map(constant).join(" ")})`;
  const must: Pen["must"] = (name, ...args) => `(call $must ${call(name, ...args)})`;
  return {
    text,
    room,
    call,
    must,
    emit: (calls) => {
      const [numbers, vector] = [room(calls.length), room(8)];
      const steps = calls.map((one, index) => `(i32.store8 (i32.const ${numbers + index}) ${one})`);
      const point = `(i32.store (i32.const ${vector}) (i32.const ${numbers})) (i32.store (i32.const ${vector + 4}) (i32.const ${calls.length}))`;
      return `${steps.join("\n")} ${point} ${must("fd_write", 1, vector, 1, room(4))}`;
    },
    buffer: (bytes) => {
      const [list, at] = [room(8), room(bytes)];
      const step = `(i32.store (i32.const ${list}) (i32.const ${at})) (i32.store (i32.const ${list + 4}) (i32.const ${bytes}))`;
      return { step, list, at };
    },
    print: (fd, value) => {
      const vector = room(8);
      const [address = "", length = ""] = text(value).split(/(?<=\)) /);
      const fill = `(i32.store (i32.const ${vector}) ${address}) (i32.store (i32.const ${vector + 4}) ${length})`;
      return `${fill} ${must("fd_write", fd, vector, 1, room(4))}`;
    },
    open: (folder, path, { follow = true, write = false, create = false, directory = false } = {}) => {
      const opened = room(4);
      const flags = (create ? 1 : 0) | (directory ? 2 : 0);
      const rights = write ? writeRight | readRight : readRight;
      const step = must("path_open", folder, follow ? 1 : 0, text(path), flags, rights, 0n, 0, opened);
      return { step, fd: `(i32.load (i32.const ${opened}))` };
    },
  };
}

function constant(value: string | number | bigint): string {
  if (typeof value === "string") return value;
  return typeof value === "bigint" ? `(i64.const ${value})` : `(i32.const ${value})`;
}
