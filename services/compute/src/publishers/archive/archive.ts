import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { causeOf, Fault } from "@shoal/core";
import { type Pack, pack } from "tar-stream";
import { collectGarbage } from "../../outbound/collect-garbage.ts";
import { type ArchiveEntry, type WalkOptions, walk } from "./walk.ts";

/**
 * Streams a folder as a tar.gz. The same folder gives the same bytes. A stream error is a Fault with the reason; an
 * oversized folder fails before anything is read.
 */
export function archive(folder: string, options: WalkOptions): Readable {
  const { signal } = options;
  const tar = pack();
  const packed = new PassThrough();
  for (const stream of [tar, packed]) record(stream);
  const zipping = pipeline(tar, createGzip(), packed, { signal });
  // A failure during the packing becomes the stream's error.
  zipping.catch((failure: unknown) => packed.destroy(archiveFault(failure)));
  fill(tar, folder, options).then(
    () => tar.finalize(),
    (failure: unknown) => tar.destroy(archiveFault(failure)),
  );
  return packed;
}

async function fill(tar: Pack, folder: string, options: WalkOptions): Promise<void> {
  for (const entry of await walk(folder, options)) {
    options.signal.throwIfAborted();
    await add(tar, entry, options.signal);
  }
}

const kinds = { folder: "directory", file: "file", link: "symlink" } as const;

async function add(tar: Pack, entry: ArchiveEntry, signal: AbortSignal): Promise<void> {
  const { path: name, mode, mtime, kind } = entry;
  const header = { name, mode, mtime, type: kinds[kind] };
  if (entry.kind === "link") record(tar.entry({ ...header, linkname: entry.to }));
  else if (entry.kind === "folder") record(tar.entry(header));
  else await addFile(record(tar.entry({ ...header, size: entry.sizeBytes })), entry, signal);
}

/**
 * The reader of the archive receives a failure through the stream. A failure after the end of the reading, such as a
 * full disk of the reader, has no listener, and an error without a listener ends the process.
 */
function record<S extends NodeJS.EventEmitter>(stream: S): S {
  stream.on("error", () => {});
  return stream;
}

async function addFile(
  to: NodeJS.WritableStream,
  { hostPath, sizeBytes }: Extract<ArchiveEntry, { kind: "file" }>,
  signal: AbortSignal,
): Promise<void> {
  if (sizeBytes === 0) return void to.end();
  const file = await openResult(hostPath);
  try {
    const bytes = file.createReadStream({ end: sizeBytes - 1, autoClose: false });
    bytes.on("data", ({ length }) => collectGarbage(length));
    await pipeline(bytes, to, { signal });
  } finally {
    await file.close();
  }
}

/**
 * Opens a file, but no link that has replaced it since the walk, and without waiting for the writer of a pipe that has.
 */
export async function openResult(hostPath: Buffer): Promise<FileHandle> {
  const file = await open(hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Fault("PUBLISH_FAILED", "a result file was replaced while the results were read");
}

function archiveFault(failure: unknown): Fault {
  if (failure instanceof Fault) return failure;
  return new Fault("PUBLISH_FAILED", `the results cannot be packed: ${causeOf(failure).why}`, { cause: failure });
}
