import { open } from "node:fs/promises";
import { delimiter, join } from "node:path";

// Paths of distributions besides the folders of PATH; Alpine's static one is busybox.static.
const defaultFolders = ["/bin", "/usr/bin", "/usr/local/bin"];
const defaultNames = ["busybox", "busybox.static"];

// The ELF header of 64-bit little-endian files.
const headerBytes = 64;
const magic = "\x7fELF";
const wordSizeAt = 4;
const is64Bit = 2;
const programTableAt = 32;
const programEntryBytesAt = 54;
const programEntriesAt = 56;
// The kind of program header that names a loader: only dynamically linked programs have one.
const loaderKind = 3;

/** The path of a statically linked busybox on this machine, or undefined: it runs in an image without other files. */
export async function staticBusybox(): Promise<string | undefined> {
  const folders = [...defaultFolders, ...(process.env["PATH"] ?? "").split(delimiter)];
  for (const folder of new Set(folders)) {
    for (const name of defaultNames) {
      const path = join(folder, name);
      if (await isStatic(path).catch(() => false)) return path;
    }
  }
  return undefined;
}

async function isStatic(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer: header } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    if (header.toString("latin1", 0, magic.length) !== magic || header[wordSizeAt] !== is64Bit) return false;
    const entryBytes = header.readUInt16LE(programEntryBytesAt);
    const length = entryBytes * header.readUInt16LE(programEntriesAt);
    const { buffer: table } = await file.read(
      Buffer.alloc(length),
      0,
      length,
      Number(header.readBigUInt64LE(programTableAt)),
    );
    for (let at = 0; at < length; at += entryBytes) if (table.readUInt32LE(at) === loaderKind) return false;
    return true;
  } finally {
    await file.close();
  }
}
