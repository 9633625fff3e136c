import { createWriteStream } from "node:fs";
import { appendFile, mkdir, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { CliError } from "../failure.ts";

/** What one archive may hold at most: against archives that grow without end when they are unpacked. */
export const unpackLimits = {
  entries: 1_000_000,
  /** 100 GiB: far above what fits the disk that a task may ask for. */
  bytes: 100 * 2 ** 30,
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
}

// These are appended to, so that one folder can hold what several executions wrote.
const appended: readonly string[] = ["stdout", "stderr", "exitCode"];

/**
 * Unpacks a tar.gz into a folder. Nothing leaves the folder: links and devices are left out, paths that climb are refused.
 * Throws CliError when the archive is damaged, hostile or too large.
 */
export async function unpack(archive: Readable, { into, label }: UnpackOptions): Promise<Unpacked> {
  const remarks: string[] = [];
  const reader = extract();
  const feeding = pipeline(archive, createGunzip(), atMost(unpackLimits.bytes), reader);
  // The loop below ends with the same failure; it must not count as unheard until then.
  feeding.catch(() => undefined);
  let files = 0;
  let entries = 0;
  try {
    for await (const entry of reader) {
      entries += 1;
      if (entries > unpackLimits.entries) throw tooMuch(`more than ${unpackLimits.entries} files`);
      const { wrote, remark } = await unpackEntry(Readable.from(entry), entry.header, { into, label });
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

interface EntryHeader {
  readonly name: string;
  readonly type?: string | null | undefined;
  readonly mode?: number | undefined;
}

interface EntryDone {
  readonly wrote: boolean;
  readonly remark?: string;
}

async function unpackEntry(content: Readable, header: EntryHeader, options: UnpackOptions): Promise<EntryDone> {
  const { into, label } = options;
  const parts = safeParts(header.name);
  const path = join(into, ...parts);
  if (header.type === "directory") {
    await mkdir(path, { recursive: true });
    return { wrote: false };
  }
  if (header.type !== "file" && header.type !== "contiguous-file") {
    const kind = header.type ?? "thing of unknown kind";
    return { wrote: false, remark: `${header.name} was left out: it is a ${kind}, not a file` };
  }
  await mkdir(dirname(path), { recursive: true });
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

/** The parts of a path in an archive; refuses what would not stay below the folder. */
function safeParts(name: string): readonly string[] {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || parts.some((part) => part === ".." || /[\0\\]/.test(part))) {
    throw new CliError(
      "RESULT_NOT_FOUND",
      `the result holds the path ${JSON.stringify(name)}, which leaves its folder`,
      "",
    );
  }
  return parts;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function atMost(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      if (bytes > bytesMax) done(tooMuch(`more than ${bytesMax} bytes`));
      else done(null, piece);
    },
  });
}

const tooMuch = (what: string): CliError => new CliError("TOO_LARGE", `the result holds ${what}`, "");
