import { link, lstat, open, realpath, symlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Fault } from "@shoal/core";
import { type Extract, extract, type Header } from "tar-stream";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import type { InputRoom } from "../room.ts";
import { type Folders, foldersOf } from "./folders.ts";
import { innerName, innerTarget } from "./inner-name.ts";
import { boundLongHeaders } from "./long-headers.ts";

// As many as a large source tree has; each costs the node a few file system calls. Folders that are only on the way count too.
const entriesMax = 10_000;
// What an archive may grow to with names and padding. It travels inside a job spec, so this is far more than honest ones need,
// and it bounds what a header that claims to be huge makes the unpacker keep in memory.
const unpackedMaxBytes = 256 * 1024 * 1024;
// A folder takes one block of the disk, however little is in it: the block size of ext4.
const folderBytes = 4_096;
// Permissions of files and folders are kept, but never those that lend their owner's rights to whoever runs them.
const permissionBits = 0o777;
// The node itself must be able to read and remove what it made.
const ownerMayReadAndWrite = 0o600;

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

export interface Unpacking {
  /** An empty folder. */
  readonly folder: string;
  /** Files and folders are counted here. */
  readonly room: InputRoom;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a gzip-compressed tar archive into a folder and answers with the bytes that its files and folders take. Nothing is ever written
 * outside the folder, nor are links made that lead out of it. Throws a Fault for what is no such archive, leaves the folder, or passes a limit.
 */
export async function unpack(archive: Buffer, { folder, room, signal }: Unpacking): Promise<number> {
  const root = await realpath(folder);
  const entries = extract();
  boundLongHeaders(entries);
  const counter = counterOf(room);
  const folders = foldersOf(root, counter.folder);
  const unpacked = pipeline(Readable.from([archive]), createGunzip(), limited(unpackedMaxBytes), entries, {
    signal,
  });
  // It may break while an entry is being made; the loop below hears of it then.
  unpacked.catch(() => {});
  try {
    for await (const entry of entries) {
      counter.entry(entry.header);
      await make({ root, folders }, entry);
    }
    await unpacked;
    return counter.bytes();
  } catch (failure) {
    await unpacked.catch(() => {});
    throw asFault(failure, { signal, folder });
  }
}

interface Counter {
  entry(header: Header): void;
  folder(): void;
  bytes(): number;
}

/** Counts what an archive names and what it makes: one name may make many folders, many names may make one. */
function counterOf(room: InputRoom): Counter {
  let [entries, made, sum] = [0, 0, 0];
  function make(bytes: number): void {
    made += 1;
    sum += bytes;
    if (made > entriesMax) throw new Fault("TOO_LARGE", `the archive makes more than ${entriesMax} files and folders`);
    room.take(bytes);
  }
  return {
    entry({ type, size }) {
      entries += 1;
      if (entries > entriesMax) throw new Fault("TOO_LARGE", `the archive has more than ${entriesMax} entries`);
      // A folder counts where it is made.
      if (type !== "directory") make(size ?? 0);
    },
    folder: () => make(folderBytes),
    bytes: () => sum,
  };
}

function asFault(failure: unknown, { signal, folder }: Pick<Unpacking, "signal" | "folder">): Fault {
  if (failure instanceof Fault) return failure;
  if (isDiskFull(failure)) return diskFault(folder, failure);
  if (signal.aborted) return new Fault("STOPPED", "unpacking was ended early");
  const words = failure instanceof Error ? failure.message : String(failure);
  return new Fault("INPUT_UNAVAILABLE", `the archive cannot be unpacked: ${words}`, { cause: failure });
}

function limited(maxBytes: number): Transform {
  let seenBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      seenBytes += chunk.length;
      if (seenBytes > maxBytes) pass(new Fault("TOO_LARGE", `the archive unpacks to more than ${maxBytes} bytes`));
      else pass(null, chunk);
    },
  });
}

interface Tree {
  readonly root: string;
  readonly folders: Folders;
}
interface Place extends Tree {
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

async function make(tree: Tree, entry: Entry): Promise<void> {
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
    await tree.folders.enter(posix.dirname(name));
    await maker({ ...tree, name, path: join(tree.root, name) }, header, entry);
  }
  entry.resume();
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

async function makeFolder({ folders, name }: Place): Promise<void> {
  await folders.enter(name);
}

async function makeHardLink({ folders, path }: Place, { linkname }: Header): Promise<void> {
  const target = innerName(linkname ?? "");
  const existing = join(await folders.enter(posix.dirname(target)), posix.basename(target));
  if (!(await lstat(existing)).isFile())
    throw new Fault("INPUT_UNAVAILABLE", `the archive links to "${target}", no file of its own`);
  await link(existing, path);
}
