import { Readable } from "node:stream";
import { Fault } from "@shoal/core";
import { TarRefusal, unpackTar } from "@shoal/node";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import type { InputRoom } from "../room.ts";

// As many as a large source tree has; each costs the node a few file system calls. Folders that are only on the way count too.
const entriesMax = 10_000;
// What an archive may grow to with names and padding. It travels inside a job spec, so this is far more than honest ones need,
// and it bounds what a header that claims to be huge makes the unpacker keep in memory.
const unpackedMaxBytes = 256 * 1024 * 1024;
// Permissions of files are kept, but never those that lend their owner's rights to another user.
const permissionBits = 0o777;
// The node itself must be able to read and remove what it made.
const ownerMayReadAndWrite = 0o600;

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
  let streamedBytes = 0;
  const budget = {
    streamed(bytes: number) {
      streamedBytes += bytes;
      if (streamedBytes > unpackedMaxBytes)
        throw new TarRefusal("too large", `unpacks to more than ${unpackedMaxBytes} bytes`);
    },
    made: (_: string, bytes: number) => room.take(bytes),
  };
  try {
    const { bytes } = await unpackTar(Readable.from([archive]), {
      ...{ folder, entriesMax, budget, signal },
      // Only a name that is free: what is there already might be a link.
      place: ({ path, mode }) => ({ path, flags: "wx", mode: (mode & permissionBits) | ownerMayReadAndWrite }),
      links: "make",
      onLeftOut({ name, type }) {
        throw new TarRefusal("unusable", `holds a ${type}: "${name}"`);
      },
    });
    return bytes;
  } catch (failure) {
    throw asFault(failure, { signal, folder });
  }
}

function asFault(failure: unknown, { signal, folder }: Pick<Unpacking, "signal" | "folder">): Fault {
  if (failure instanceof Fault) return failure;
  if (failure instanceof TarRefusal) {
    return new Fault(
      failure.reason === "too large" ? "TOO_LARGE" : "INPUT_UNAVAILABLE",
      `the archive ${failure.message}`,
    );
  }
  if (isDiskFull(failure)) return diskFault(folder, failure);
  if (signal.aborted) return new Fault("STOPPED", "unpacking was ended early");
  const why = failure instanceof Error ? failure.message : String(failure);
  return new Fault("INPUT_UNAVAILABLE", `the archive cannot be unpacked: ${why}`, { cause: failure });
}
