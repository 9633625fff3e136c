import { lstat, readdir, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { Fault } from "@shoal/core";

/** Files, folders and links of one archive; more is a mistake of the task. */
const entriesMax = 100_000;

/** One thing that goes into an archive. Paths are relative and separated by slashes. */
export type Entry = {
  readonly path: string;
  readonly mode: number;
  readonly mtime: Date;
} & (
  | { readonly kind: "folder" }
  | { readonly kind: "file"; readonly hostPath: string; readonly sizeBytes: number }
  | { readonly kind: "link"; readonly to: string }
);

// Read, write and run; never the bits that lend rights.
const modeMask = 0o777;

/**
 * Everything in a folder, in the order of names. Links are kept as links, and only while they stay inside the folder; sockets,
 * devices and pipes are left out. Throws Fault OUTPUT_TOO_LARGE when there is too much of it.
 */
export async function* walk(root: string): AsyncGenerator<Entry> {
  const waiting = [""];
  let seen = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const names = (await readdir(join(root, at))).sort();
    seen += names.length;
    if (seen > entriesMax) throw new Fault("OUTPUT_TOO_LARGE", `the results hold more than ${entriesMax} files`);
    for (const name of names) {
      const entry = await look(root, posix.join(at, name));
      if (entry?.kind === "folder") waiting.push(entry.path);
      if (entry !== undefined) yield entry;
    }
  }
}

async function look(root: string, path: string): Promise<Entry | undefined> {
  const hostPath = join(root, path);
  const found = await lstat(hostPath);
  const base = { path, mode: found.mode & modeMask, mtime: found.mtime };
  if (found.isDirectory()) return { ...base, kind: "folder" };
  if (found.isFile()) return { ...base, kind: "file", hostPath, sizeBytes: found.size };
  if (!found.isSymbolicLink()) return undefined;
  const to = await readlink(hostPath);
  return staysInside(path, to) ? { ...base, kind: "link", to } : undefined;
}

/** Where the link lies decides: it is read as whoever unpacks the archive will read it. */
function staysInside(path: string, to: string): boolean {
  if (posix.isAbsolute(to)) return false;
  const target = posix.normalize(posix.join(posix.dirname(path), to));
  return target !== ".." && !target.startsWith("../");
}
