import { lstat, mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { type FilePlace, type TarFile, TarRefusal, unpackTar } from "@shoal/node";
import { CliError } from "../failure.ts";
import type { Allowance } from "./allowance.ts";

// Against archives that expand without limit: the number of entries that a node publishes at most.
const entriesMax = 100_000;

/** The outcome of an unpacking, besides the files. */
export interface Unpacked {
  readonly files: number;
  /** The entries that were left out or renamed, with the reasons. */
  readonly remarks: readonly string[];
}

export interface UnpackOptions {
  readonly into: string;
  /** The suffix of a file from this archive when another archive has one of the same name. */
  readonly label: string;
  /** Counts every unpacked byte. */
  readonly allowance: Pick<Allowance, "take">;
}

// Files that are appended to, so that one folder can hold the output of several executions.
const appended: readonly string[] = ["stdout", "stderr", "exitCode"];

/**
 * Unpacks a tar.gz into a folder. Nothing leaves the folder: links and devices are left out, paths that climb are refused.
 * Throws CliError when the archive is damaged, hostile or too large.
 */
export async function unpack(archive: Readable, { into, label, allowance }: UnpackOptions): Promise<Unpacked> {
  await mkdir(into, { recursive: true });
  const remarks: string[] = [];
  try {
    const { files } = await unpackTar(archive, {
      folder: into,
      entriesMax,
      budget: {
        // It also counts the contents of files.
        streamed: (bytes) => allowance.take(bytes),
        made: (kind, bytes) => (kind === "folder" ? allowance.take(bytes) : undefined),
      },
      place: (file) => placeOf(file, { label, remarks }),
      links: "leave out",
      onLeftOut: ({ name, type }) => void remarks.push(`${name} was left out: a ${type} is not a file`),
    });
    return { files, remarks };
  } catch (failure) {
    throw asCliError(failure);
  }
}

/** The place of a file of an archive; never replaces a file of another archive. */
async function placeOf(
  { name, path, mode }: TarFile,
  { label, remarks }: { readonly label: string; readonly remarks: string[] },
): Promise<FilePlace> {
  // Only the owner's permission to execute is kept.
  const permissions = mode & 0o100 ? 0o755 : 0o644;
  if (appended.includes(name)) return { path, flags: "a", mode: permissions };
  if (!(await isThere(path))) return { path, flags: "wx", mode: permissions };
  const renamed = `${path}.${label}`;
  remarks.push(`${name} is in several results: this one was renamed to ${renamed}`);
  return { path: renamed, flags: "wx", mode: permissions };
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

function asCliError(failure: unknown): CliError {
  if (failure instanceof CliError) return failure;
  if (failure instanceof TarRefusal) {
    const code = failure.reason === "too large" ? "TOO_LARGE" : "RESULT_NOT_FOUND";
    return new CliError(code, `the result ${failure.message}`, "");
  }
  const why = failure instanceof Error ? failure.message : String(failure);
  return new CliError("RESULT_NOT_FOUND", `the result cannot be unpacked: ${why}`, "download it again");
}
