import { createWriteStream } from "node:fs";
import { appendFile, mkdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { CliError } from "../failure.ts";
import type { Allowance } from "./allowance.ts";
import { boundLongHeaders } from "./long-headers.ts";

/** What one archive may hold at most: against archives that grow without end when they are unpacked. */
export const unpackLimits = {
  /** Entries, and folders that are only on the way to one: as many as a node publishes. */
  entries: 100_000,
  /** Levels of folders, as a node publishes them. */
  levels: 64,
  /** A folder takes one block of the disk, however little is in it: the block size of ext4. */
  folderBytes: 4_096,
} as const;

/** What an unpacking had to say beside the files that it wrote. */
export interface Unpacked {
  readonly files: number;
  /** What was left out or renamed, and why. */
  readonly remarks: readonly string[];
}

export interface UnpackOptions {
  readonly into: string;
  /** Names a file that comes from this archive when another archive has put one there already. */
  readonly label: string;
  /** Everything that is unpacked is counted here. */
  readonly allowance: Pick<Allowance, "take">;
}

// These are appended to, so that one folder can hold what several executions wrote.
const appended: readonly string[] = ["stdout", "stderr", "exitCode"];

/**
 * Unpacks a tar.gz into a folder. Nothing leaves the folder: links and devices are left out, paths that climb are refused.
 * Throws CliError when the archive is damaged, hostile or too large.
 */
export async function unpack(archive: Readable, { into, label, allowance }: UnpackOptions): Promise<Unpacked> {
  await mkdir(into, { recursive: true });
  const remarks: string[] = [];
  const reader = extract();
  boundLongHeaders(reader);
  const feeding = pipeline(archive, createGunzip(), counted(allowance), reader);
  // The loop below ends with the same failure; it must not count as unheard until then.
  feeding.catch(() => undefined);
  let files = 0;
  let things = 0;
  const count = () => {
    things += 1;
    if (things > unpackLimits.entries) throw tooMuch(`more than ${unpackLimits.entries} files and folders`);
  };
  const tree: Tree = {
    into,
    label,
    folders: new Set(),
    made: async () => {
      count();
      await allowance.take(unpackLimits.folderBytes);
    },
  };
  try {
    for await (const entry of reader) {
      count();
      const { wrote, remark } = await unpackEntry(Readable.from(entry), entry.header, tree);
      if (wrote) files += 1;
      if (remark !== undefined) remarks.push(remark);
      entry.resume();
    }
    await feeding;
  } catch (failure) {
    archive.destroy();
    if (failure instanceof CliError) throw failure;
    const why = failure instanceof Error ? failure.message : String(failure);
    throw new CliError("RESULT_NOT_FOUND", `the result cannot be unpacked: ${why}`, "download it again");
  }
  return { files, remarks };
}

interface Tree extends Pick<UnpackOptions, "into" | "label"> {
  /** The folders that are known to be there. */
  readonly folders: Set<string>;
  /** Called before each folder that is made. */
  made(): Promise<void>;
}

interface EntryHeader {
  readonly name: string;
  readonly type?: string | null | undefined;
  readonly mode?: number | undefined;
}

interface EntryDone {
  readonly wrote: boolean;
  readonly remark?: string;
}

async function unpackEntry(content: Readable, header: EntryHeader, tree: Tree): Promise<EntryDone> {
  const { into, label } = tree;
  const parts = safeParts(header.name);
  const path = join(into, ...parts);
  if (header.type === "directory") {
    await enter(tree, parts);
    return { wrote: false };
  }
  if (header.type !== "file" && header.type !== "contiguous-file") {
    const kind = header.type ?? "thing of unknown kind";
    return { wrote: false, remark: `${header.name} was left out: it is a ${kind}, not a file` };
  }
  await enter(tree, parts.slice(0, -1));
  const [first = ""] = parts;
  if (parts.length === 1 && appended.includes(first)) {
    for await (const piece of content) await appendFile(path, piece);
    return { wrote: true };
  }
  const free = (await exists(path)) ? `${path}.${label}` : path;
  // The owner's right to run is kept, no other; the flag refuses to follow what somebody put there meanwhile.
  await pipeline(content, createWriteStream(free, { flags: "wx", mode: (header.mode ?? 0) & 0o100 ? 0o755 : 0o644 }));
  if (free === path) return { wrote: true };
  return { wrote: true, remark: `${parts.join(sep)} is in several results: this one was kept as ${free}` };
}

/** Makes the folders on the way, one at a time: one name may make many of them. */
async function enter({ into, folders, made }: Tree, parts: readonly string[]): Promise<void> {
  if (parts.length > unpackLimits.levels) throw tooMuch(`folders in more than ${unpackLimits.levels} levels`);
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = join(into, ...parts.slice(0, depth));
    if (folders.has(path)) continue;
    // Another archive of the job may have made it.
    if (!(await exists(path))) {
      await made();
      await mkdir(path);
    }
    folders.add(path);
  }
}

/** The parts of a path in an archive; refuses what would not stay below the folder. */
function safeParts(name: string): readonly string[] {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  // A backslash is part of a name on POSIX systems, and between names on Windows.
  const steps = parts.flatMap((part) => part.split("\\"));
  if (name.startsWith("/") || steps.some((step) => step === ".." || step.includes("\0")) || isSplitHere(parts)) {
    throw new CliError(
      "RESULT_NOT_FOUND",
      `the result holds the path ${JSON.stringify(name)}, which leaves its folder`,
      "",
    );
  }
  return parts;
}

const isSplitHere = (parts: readonly string[]): boolean => sep === "\\" && parts.some((part) => part.includes(sep));

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function counted(allowance: UnpackOptions["allowance"]): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      allowance.take(piece.length).then(() => done(null, piece), done);
    },
  });
}

const tooMuch = (what: string): CliError => new CliError("TOO_LARGE", `the result holds ${what}`, "");
