import { link, lstat, open, realpath, symlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { type Folders, foldersOf } from "./folders.ts";
import { innerName, innerTarget } from "./inner-name.ts";
import { boundLongHeaders } from "./long-headers.ts";
import { TarRefusal } from "./tar-refusal.ts";

// A folder takes one block of the disk, however little is in it: the block size of ext4.
const folderBytes = 4_096;

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** Counts what an archive takes, before it is taken. What a function throws ends the unpacking. */
export interface TarBudget {
  /** Bytes of the archive without its compression, headers and padding included. */
  streamed(bytes: number): void | Promise<void>;
  /** A file or a folder that is about to be made. */
  made(kind: "file" | "folder", bytes: number): void | Promise<void>;
}

/** Where a file is written: at a path that is free ("wx"), or behind what is there ("a"). */
export interface FilePlace {
  readonly path: string;
  readonly flags: "wx" | "a";
  readonly mode: number;
}

/** A file of an archive: its name below the folder, the path that this means, and its permissions in the archive. */
export interface TarFile {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
}

/** How an archive is unpacked. */
export interface TarUnpacking {
  /** A folder that exists. */
  readonly folder: string;
  /** The most entries, and the most files and folders that they make. */
  readonly entriesMax: number;
  readonly budget: TarBudget;
  /** Where a file is written. */
  readonly place: (file: TarFile) => FilePlace | Promise<FilePlace>;
  /** Whether links inside the folder are made; else they are left out. */
  readonly links: "make" | "leave out";
  /** Called for what is left out: a link, or what is neither file, folder nor link. Throws to refuse the archive. */
  readonly onLeftOut: (entry: { readonly name: string; readonly type: string }) => void;
  readonly signal?: AbortSignal;
}

/** What was made. */
export interface TarUnpacked {
  readonly files: number;
  /** What files and folders take. */
  readonly bytes: number;
}

/**
 * Unpacks a gzip-compressed tar archive. Nothing is written outside the folder, nothing that is there is overwritten, and no link leads out of it. Throws
 * TarRefusal, what the given functions throw, and the failure of the stream or the disk.
 */
export async function unpackTar(archive: Readable, unpacking: TarUnpacking): Promise<TarUnpacked> {
  const root = await realpath(unpacking.folder);
  const entries = extract();
  boundLongHeaders(entries);
  const counter = counterOf(unpacking);
  const folders = foldersOf(root, () => counter.made("folder", folderBytes));
  const { signal, budget } = unpacking;
  const feeding = pipeline(archive, createGunzip(), counted(budget), entries, signal === undefined ? {} : { signal });
  // It may break while an entry is being made; the loop below ends with the same failure then.
  feeding.catch(() => undefined);
  try {
    for await (const entry of entries) {
      counter.entry();
      await makeEntry({ root, folders, unpacking, counter }, entry);
      entry.resume();
    }
    await feeding;
    return counter.sum();
  } catch (failure) {
    archive.destroy();
    await feeding.catch(() => undefined);
    throw failure;
  }
}

interface Counter {
  entry(): void;
  made(kind: "file" | "folder", bytes: number): Promise<void>;
  sum(): TarUnpacked;
}

/** Counts what an archive names and what it makes: one name may make many folders, many names may make one. */
function counterOf({ entriesMax, budget }: TarUnpacking): Counter {
  let [entries, things, files, bytes] = [0, 0, 0, 0];
  return {
    entry() {
      entries += 1;
      if (entries > entriesMax) throw new TarRefusal("too large", `has more than ${entriesMax} entries`);
    },
    async made(kind, size) {
      things += 1;
      if (things > entriesMax) throw new TarRefusal("too large", `makes more than ${entriesMax} files and folders`);
      if (kind === "file") files += 1;
      bytes += size;
      await budget.made(kind, size);
    },
    sum: () => ({ files, bytes }),
  };
}

function counted(budget: TarBudget): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      Promise.resolve(piece.length)
        .then((bytes) => budget.streamed(bytes))
        .then(() => done(null, piece), done);
    },
  });
}

interface UnpackRoot {
  readonly root: string;
  readonly folders: Folders;
  readonly unpacking: TarUnpacking;
  readonly counter: Counter;
}
interface UnpackTarget extends UnpackRoot {
  /** Below the root. */
  readonly name: string;
  readonly path: string;
}
type Make = (target: UnpackTarget, header: Header, entry: Entry) => Promise<void>;

// What may be in an archive. Devices and pipes may not: they are doors into the kernel.
const makers: Readonly<Record<string, Make>> = {
  file: makeFile,
  "contiguous-file": makeFile,
  directory: async ({ folders, name }) => void (await folders.enter(name)),
  symlink: makeLink,
  link: makeHardLink,
};

const linkTypes: readonly string[] = ["symlink", "link"];

async function makeEntry(tree: UnpackRoot, entry: Entry): Promise<void> {
  const { header } = entry;
  const { links, onLeftOut } = tree.unpacking;
  const type = header.type ?? "thing of unknown kind";
  const maker = makers[type];
  if (maker === undefined || (links === "leave out" && linkTypes.includes(type))) {
    onLeftOut({ name: header.name, type });
    return;
  }
  const name = innerName(header.name);
  if (name === "") return;
  await tree.folders.enter(type === "directory" ? "" : posix.dirname(name));
  await maker({ ...tree, name, path: join(tree.root, name) }, header, entry);
}

async function makeFile({ name, path, unpacking, counter }: UnpackTarget, header: Header, entry: Entry): Promise<void> {
  await counter.made("file", header.size ?? 0);
  const place = await unpacking.place({ name, path, mode: header.mode ?? 0 });
  const file = await open(place.path, place.flags, place.mode);
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

async function makeLink({ name, path, counter }: UnpackTarget, { linkname, size }: Header): Promise<void> {
  await counter.made("file", size ?? 0);
  await symlink(innerTarget(name, linkname ?? ""), path);
}

async function makeHardLink({ folders, path, counter }: UnpackTarget, { linkname, size }: Header): Promise<void> {
  await counter.made("file", size ?? 0);
  const target = innerName(linkname ?? "");
  const existing = join(await folders.enter(posix.dirname(target)), posix.basename(target));
  if (!(await lstat(existing)).isFile())
    throw new TarRefusal("unusable", `links to "${target}", which is no file of the archive`);
  await link(existing, path);
}
