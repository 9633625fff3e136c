import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { posix } from "node:path";
import { Fault } from "@shoal/core";

/** Limit of files, folders and links in one archive; more is a mistake of the task. The client unpacks as many. */
const entriesMax = 100_000;
// Limit of folder levels; the client unpacks as many.
const depthMax = 64;
// What tar writes for each entry before its content: one block.
const headerBytes = 512;

/** One entry of an archive. Paths are relative, with slashes. */
export type ArchiveEntry = {
  readonly path: string;
  readonly mode: number;
  readonly mtime: Date;
} & (
  | { readonly kind: "folder" }
  | { readonly kind: "file"; readonly hostPath: Buffer; readonly sizeBytes: number }
  | { readonly kind: "link"; readonly to: string }
);

// Read, write and execute; never setuid, setgid or sticky.
const modeMask = 0o777;

export interface WalkOptions {
  /**
   * Limit of the files' total size in bytes; a sparse file counts with its apparent size, because all of it is read.
   */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Lists a folder in the order of names, before any of it is read. Links are kept as links, and only when they stay
 * inside the folder; sockets, devices and pipes are omitted. A byte of a name that is not UTF-8 becomes %XX. Throws
 * Fault OUTPUT_TOO_LARGE when there are too many entries, RESULTS_TOO_LARGE when the files are too large.
 */
export async function walk(root: string, { limitBytes, signal }: WalkOptions): Promise<readonly ArchiveEntry[]> {
  // Host paths are latin1, one character for each byte: file names are bytes, not text.
  const hostRoot = Buffer.from(root).toString("latin1");
  const entries: ArchiveEntry[] = [];
  const waiting = [""];
  let [seen, sumBytes] = [0, 0];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    signal.throwIfAborted();
    const names = (await readdir(bytesOf(`${hostRoot}/${at}`), "latin1")).sort();
    seen += names.length;
    if (seen > entriesMax) throw new Fault("OUTPUT_TOO_LARGE", `the results contain more than ${entriesMax} files`);
    for (const name of names) {
      const inner = posix.join(at, name);
      const entry = await readEntry(bytesOf(`${hostRoot}/${inner}`), inner);
      if (entry === undefined) continue;
      sumBytes += headerBytes + (entry.kind === "file" ? entry.sizeBytes : 0);
      if (sumBytes > limitBytes) throw tooLarge(sumBytes, limitBytes);
      if (entry.kind === "folder") waiting.push(deeper(inner));
      entries.push(entry);
    }
  }
  return entries;
}

function tooLarge(sumBytes: number, limitBytes: number): Fault {
  const why = `the results contain at least ${sumBytes} bytes, this node publishes at most ${limitBytes} (results.limitBytes)`;
  return new Fault("RESULTS_TOO_LARGE", `${why}; a sparse file counts with its apparent size`);
}

function deeper(inner: string): string {
  if (inner.split("/").length <= depthMax) return inner;
  throw new Fault("OUTPUT_TOO_LARGE", `the results have more than ${depthMax} levels of folders`);
}

const bytesOf = (hostPath: string): Buffer => Buffer.from(hostPath, "latin1");

function textOf(latin1: string): string {
  const bytes = bytesOf(latin1);
  if (isUtf8(bytes)) return bytes.toString();
  return latin1.replaceAll(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function readEntry(hostPath: Buffer, inner: string): Promise<ArchiveEntry | undefined> {
  const found: Stats = await lstat(hostPath);
  const base = { path: textOf(inner), mode: found.mode & modeMask, mtime: found.mtime };
  if (found.isDirectory()) return { ...base, kind: "folder" };
  if (found.isFile()) return { ...base, kind: "file", hostPath, sizeBytes: found.size };
  if (!found.isSymbolicLink()) return undefined;
  const to = await readlink(hostPath, "latin1");
  return staysInside(inner, to) ? { ...base, kind: "link", to: textOf(to) } : undefined;
}

/** The link's own folder decides: a reader of the unpacked archive resolves the link from there. */
function staysInside(path: string, to: string): boolean {
  if (posix.isAbsolute(to)) return false;
  const target = posix.normalize(posix.join(posix.dirname(path), to));
  return target !== ".." && !target.startsWith("../");
}
