import { Refusal } from "./errno.ts";
import type { ListedFile } from "./protocol.ts";

export interface OpenFile {
  readonly kind: "file";
  readonly handle: number;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Whether it may be read ahead, because it cannot change. */
  readonly fixed: boolean;
  append: boolean;
  position: number;
  ahead: { readonly offset: number; readonly bytes: Uint8Array };
}
export interface OpenFolder {
  readonly kind: "folder";
  readonly handle: number;
  /** The path it was opened under before the guest began; undefined when the guest opened it. */
  readonly preopen: string | undefined;
  /** Its entries when the guest began to read it. */
  listing: readonly ListedFile[];
}
export type StdioDescriptor = { readonly kind: "stdin" } | { readonly kind: "stdout" } | { readonly kind: "stderr" };
export type Descriptor = StdioDescriptor | OpenFile | OpenFolder;

/** The guest's table of open files. */
export interface Descriptors {
  get(fd: number): Descriptor;
  file(fd: number): OpenFile;
  folder(fd: number): OpenFolder;
  add(descriptor: Descriptor): number;
  remove(fd: number): Descriptor;
  /** Moves `from` to `to`, and returns the replaced descriptor. */
  move(from: number, to: number): Descriptor;
}

/** Creates a table with the three standard streams, followed by these preopened folders. */
export function descriptors(preopens: readonly { readonly handle: number; readonly path: string }[]): Descriptors {
  const folders = preopens.map(({ handle, path }) => ({ kind: "folder" as const, handle, preopen: path, listing: [] }));
  const first: readonly Descriptor[] = [{ kind: "stdin" }, { kind: "stdout" }, { kind: "stderr" }, ...folders];
  const open = new Map<number, Descriptor>(first.entries());
  const get = (fd: number): Descriptor => {
    const descriptor = open.get(fd);
    if (descriptor === undefined) throw new Refusal("BADF");
    return descriptor;
  };
  return {
    get,
    file: (fd) => {
      const descriptor = get(fd);
      if (descriptor.kind === "file") return descriptor;
      throw new Refusal(descriptor.kind === "folder" ? "ISDIR" : "SPIPE");
    },
    folder: (fd) => {
      const descriptor = get(fd);
      if (descriptor.kind === "folder") return descriptor;
      throw new Refusal("NOTDIR");
    },
    add: (descriptor) => {
      let fd = 0;
      while (open.has(fd)) fd += 1;
      open.set(fd, descriptor);
      return fd;
    },
    remove: (fd) => {
      const descriptor = get(fd);
      open.delete(fd);
      return descriptor;
    },
    move: (from, to) => {
      const moved = get(from);
      const replaced = get(to);
      open.delete(from);
      open.set(to, moved);
      return replaced;
    },
  };
}
