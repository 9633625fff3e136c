import { copyFile, link, mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { systemCodeOf } from "../disk-fault.ts";

const EntryManifestSchema = z.object({
  /** The form of the entry; another one is removed. */
  v: z.literal(1),
  sizeBytes: z.int().min(0),
  /** The path of the input below the content. */
  hostPath: z.string(),
  name: z.string().optional(),
  /** Parents come before what they contain. */
  folders: z.array(z.string()),
  files: z.array(z.object({ path: z.string(), sizeBytes: z.int().min(0) })),
});
type ManifestData = z.infer<typeof EntryManifestSchema>;

/** What an entry contains; written last, so that it proves the entry to be whole. */
export type EntryManifest = Readonly<ManifestData>;

/** The names in an entry's folder. */
export const EntryManifest = { file: "entry.json", content: "content" } as const;

/** Reads the manifest of an entry; undefined when it is absent or cannot be read. */
export async function readManifest(path: string): Promise<EntryManifest | undefined> {
  try {
    return EntryManifestSchema.safeParse(JSON.parse(await readFile(join(path, EntryManifest.file), "utf8"))).data;
  } catch {
    return undefined;
  }
}

// What is left of a file's permissions: tasks that share it must not write it.
const readableBits = 0o444;

/**
 * Makes every file of a content durable and read-only, and lists them. Without this a machine that loses power could
 * keep the name of an entry and lose its bytes.
 */
export async function syncTree(content: string): Promise<Pick<EntryManifest, "folders" | "files">> {
  const folders: string[] = [];
  const files: { path: string; sizeBytes: number }[] = [];
  const waiting = [content];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        waiting.push(path);
        folders.push(relative(content, path));
      } else files.push({ path: relative(content, path), sizeBytes: await synced(path) });
    }
  }
  return { folders, files };
}

async function synced(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    await file.chmod(readableBits);
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

// File systems without links, and the limit of links to one file: the input is copied.
const unlinkable: readonly (string | undefined)[] = ["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP"];

/** Links a content into a folder. Throws an Error when a file is not as long as the manifest says. */
export async function linkTree(content: string, { folders, files }: EntryManifest, to: string): Promise<void> {
  for (const path of folders) await mkdir(join(to, path), { recursive: true });
  for (const { path, sizeBytes } of files) {
    const target = join(to, path);
    await link(join(content, path), target).catch(async (failure: unknown) => {
      if (!unlinkable.includes(systemCodeOf(failure))) throw failure;
      await copyFile(join(content, path), target);
    });
    const { size } = await stat(target);
    if (size !== sizeBytes) throw new Error(`${path} has ${size} bytes instead of ${sizeBytes}`);
  }
}

/** True when an execution's folder links to a file of the entry. */
export async function isLinked(path: string, { files }: EntryManifest): Promise<boolean> {
  for (const file of files) {
    const found = await stat(join(path, EntryManifest.content, file.path)).catch(() => undefined);
    if (found !== undefined && found.nlink > 1) return true;
  }
  return false;
}
