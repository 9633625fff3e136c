import { Readable } from "node:stream";
import { Fault } from "@shoal/core";
import { TarRefusal, unpackTar } from "@shoal/node";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import type { InputRoom } from "../room.ts";

// The size of a large source tree; each entry costs the node a few file system calls. Implied parent folders count too.
const entriesMax = 10_000;
// Limit of an unpacked archive with names and padding. The archive travels inside a job spec, so this far exceeds any
// honest one; it bounds the memory that a header with a huge declared size makes the unpacker use.
const unpackedMaxBytes = 256 * 1024 * 1024;
// Permissions of files are kept, except setuid and setgid.
const permissionBits = 0o777;
// The node must be able to read and remove what it created.
const ownerMayReadAndWrite = 0o600;

export interface Unpacking {
  /** An empty folder. */
  readonly folder: string;
  /** Files and folders are counted here. */
  readonly room: InputRoom;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a gzip-compressed tar archive into a folder and returns the bytes of its files and folders. Nothing is
 * written outside the folder, and no link leads out of it. Throws a Fault for an invalid archive, for one that leaves
 * the folder, and for one that exceeds a limit.
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
      // Only a new name: an existing entry might be a link.
      place: ({ path, mode }) => ({ path, flags: "wx", mode: (mode & permissionBits) | ownerMayReadAndWrite }),
      links: "make",
      onLeftOut({ name, type }) {
        throw new TarRefusal("unusable", `contains a ${type}: "${name}"`);
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
  if (signal.aborted) return new Fault("STOPPED", "unpacking was aborted");
  const why = failure instanceof Error ? failure.message : String(failure);
  return new Fault("INPUT_UNAVAILABLE", `the archive cannot be unpacked: ${why}`, { cause: failure });
}
