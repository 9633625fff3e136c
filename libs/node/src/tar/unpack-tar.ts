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

// A folder takes at least one block of the disk: the block size of ext4.
const folderBytes = 4_096;

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** Counts an archive's sizes before it is unpacked. An exception ends the unpacking. */
export interface TarBudget {
  /** Uncompressed bytes of the archive, headers and padding included. */
  streamed(bytes: number): void | Promise<void>;
  /** Called before a file or a folder is created. */
  made(kind: "file" | "folder", bytes: number): void | Promise<void>;
}

/** Where a file is written: to a new file ("wx"), or at the end of an existing one ("a"). */
export interface FilePlace {
  readonly path: string;
  readonly flags: "wx" | "a";
  readonly mode: number;
}

/** A file of an archive: its name below the folder, its path, and its permissions in the archive. */
export interface TarFile {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
}

/** How an archive is unpacked. */
export interface TarUnpacking {
  /** An existing folder. */
  readonly folder: string;
  /** Maximum number of entries, and of the files and folders that they create. */
  readonly entriesMax: number;
  readonly budget: TarBudget;
  /** Where a file is written. */
  readonly place: (file: TarFile) => FilePlace | Promise<FilePlace>;
  /** Whether links inside the folder are created or skipped. */
  readonly links: "make" | "leave out";
  /** Called for a skipped entry: a link, or neither file, folder nor link. It may throw to refuse the archive. */
  readonly onLeftOut: (entry: { readonly name: string; readonly type: string }) => void;
  readonly signal?: AbortSignal;
}

/** Result of unpacking. */
export interface TarUnpacked {
  readonly files: number;
  /** The size of files and folders. */
  readonly bytes: number;
}

/**
 * Unpacks a gzip-compressed tar archive. It writes only inside the folder, overwrites no file, and creates no link that leads out of
 * it. Throws TarRefusal, errors of the given functions, and errors of the stream or the disk.
 */
export async function unpackTar(archive: Readable, unpacking: TarUnpacking): Promise<TarUnpacked> {
  const root = await realpath(unpacking.folder);
  const entries = extract();
  boundLongHeaders(entries);
  const counter = counterOf(unpacking);
  const folders = foldersOf(root, () => counter.made("folder", folderBytes));
  const { signal, budget } = unpacking;
  const feeding = pipeline(archive, createGunzip(), counted(budget), entries, signal === undefined ? {} : { signal });
  // It may fail while an entry is being created; then the loop below ends with the same error.
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

/** Counts entries, and files and folders: one entry may create many folders, many entries may share one. */
function counterOf({ entriesMax, budget }: TarUnpacking): Counter {
  let [entries, things, files, bytes] = [0, 0, 0, 0];
  return {
    entry() {
      entries += 1;
      if (entries > entriesMax) throw new TarRefusal("too large", `has more than ${entriesMax} entries`);
    },
    async made(kind, size) {
      things += 1;
      if (things > entriesMax) throw new TarRefusal("too large", `creates more than ${entriesMax} files and folders`);
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

// The allowed types of entries. Devices and pipes are not allowed: they give access to the kernel.
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
  const type = header.type ?? "entry of unknown type";
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
    // Iterated, not piped: a pipe never ends for an entry whose archive failed before the pipe was set up.
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
    throw new TarRefusal("unusable", `links to "${target}", which is not a file of the archive`);
  await link(existing, path);
}
