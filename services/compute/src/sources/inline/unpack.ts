import { link, lstat, mkdir, open, realpath, symlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Fault } from "@shoal/core";
import { type Extract, extract, type Header } from "tar-stream";
import { innerName, innerTarget } from "./inner-name.ts";

// As many as a large source tree has; each costs the node a few file system calls.
const entriesMax = 10_000;
// What an archive may grow to with names and padding. It travels inside a job spec, so this is far more than honest ones need,
// and it bounds what a header that claims to be huge makes the unpacker keep in memory.
const unpackedMaxBytes = 256 * 1024 * 1024;
// Permissions of files and folders are kept, but never those that lend their owner's rights to whoever runs them.
const permissionBits = 0o777;
const folderMode = 0o755;
// The node itself must be able to read and remove what it made.
const ownerMayReadAndWrite = 0o600;

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

export interface Unpacking {
  /** An empty folder. */
  readonly folder: string;
  /** The most that the files may hold together. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a gzip-compressed tar archive into a folder and answers with the size of its files in bytes. Nothing is ever written outside the
 * folder, nor are links made that lead out of it. Throws a Fault for what is no such archive, leaves the folder, or passes a limit.
 */
export async function unpack(archive: Buffer, { folder, limitBytes, signal }: Unpacking): Promise<number> {
  const root = await realpath(folder);
  const entries = extract();
  let sizeBytes = 0;
  let count = 0;
  const unpacked = pipeline(Readable.from([archive]), createGunzip(), limited(unpackedMaxBytes), entries, {
    signal,
  });
  // It may break while an entry is being made; the loop below hears of it then.
  unpacked.catch(() => {});
  try {
    for await (const entry of entries) {
      count += 1;
      if (count > entriesMax) throw new Fault("TOO_LARGE", `the archive has more than ${entriesMax} entries`);
      sizeBytes += entry.header.size ?? 0;
      if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
      await make(root, entry);
    }
    await unpacked;
    return sizeBytes;
  } catch (failure) {
    await unpacked.catch(() => {});
    throw asFault(failure, signal);
  }
}

function tooLarge(limitBytes: number): Fault {
  return new Fault("TOO_LARGE", `the archive unpacks to more than ${limitBytes} bytes`);
}

function asFault(failure: unknown, signal: AbortSignal): Fault {
  if (failure instanceof Fault) return failure;
  if (signal.aborted) return new Fault("STOPPED", "unpacking was ended early");
  const words = failure instanceof Error ? failure.message : String(failure);
  return new Fault("INPUT_UNAVAILABLE", `the archive cannot be unpacked: ${words}`, { cause: failure });
}

function limited(maxBytes: number): Transform {
  let seenBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      seenBytes += chunk.length;
      if (seenBytes > maxBytes) pass(tooLarge(maxBytes));
      else pass(null, chunk);
    },
  });
}

interface Place {
  readonly root: string;
  /** Below the root. */
  readonly name: string;
  readonly path: string;
}
type Make = (place: Place, header: Header, entry: Entry) => Promise<void>;

// What may lie in an archive. Devices and pipes may not: they are doors into the node's kernel.
const makers: Readonly<Record<string, Make>> = {
  file: makeFile,
  "contiguous-file": makeFile,
  directory: makeFolder,
  symlink: ({ name, path }, { linkname }) => symlink(innerTarget(name, linkname ?? ""), path),
  link: makeHardLink,
};

async function make(root: string, entry: Entry): Promise<void> {
  const { header } = entry;
  const maker = makers[header.type ?? "unknown"];
  if (maker === undefined) {
    throw new Fault(
      "INPUT_UNAVAILABLE",
      `the archive holds a ${header.type ?? "thing of unknown kind"}: "${header.name}"`,
    );
  }
  const name = innerName(header.name);
  if (name !== "") {
    await enter(root, posix.dirname(name));
    await maker({ root, name, path: join(root, name) }, header, entry);
  }
  entry.resume();
}

/** Makes the folders on the way, and refuses a way that goes through a link. */
async function enter(root: string, folder: string): Promise<string> {
  const path = join(root, folder);
  await mkdir(path, { recursive: true, mode: folderMode });
  if ((await realpath(path)) !== path) {
    throw new Fault("INPUT_UNAVAILABLE", `the archive writes through its own link at "${folder}"`);
  }
  return path;
}

async function makeFile({ path }: Place, { mode }: Header, entry: Entry): Promise<void> {
  const permissions = ((mode ?? 0) & permissionBits) | ownerMayReadAndWrite;
  // Only a name that is free: what is there already might be a link.
  const file = await open(path, "wx", permissions);
  try {
    // Iterated, not piped: a pipe waits for ever on an entry whose archive broke before the pipe was laid.
    await file.writeFile(bytesOf(entry));
  } finally {
    await file.close();
  }
}

async function* bytesOf(entry: Entry): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

async function makeFolder({ root, name }: Place): Promise<void> {
  await enter(root, name);
}

async function makeHardLink({ root, path }: Place, { linkname }: Header): Promise<void> {
  const target = innerName(linkname ?? "");
  const existing = join(await enter(root, posix.dirname(target)), posix.basename(target));
  if (!(await lstat(existing)).isFile())
    throw new Fault("INPUT_UNAVAILABLE", `the archive links to "${target}", no file of its own`);
  await link(existing, path);
}
