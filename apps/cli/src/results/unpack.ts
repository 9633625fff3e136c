import { lstat, mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { type FilePlace, type TarFile, TarRefusal, unpackTar } from "@shoal/node";
import { CliError } from "../failure.ts";
import type { Allowance } from "./allowance.ts";

// Against archives that grow without end when they are unpacked: as many entries as a node publishes.
const entriesMax = 100_000;

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
  try {
    const { files } = await unpackTar(archive, {
      folder: into,
      entriesMax,
      budget: {
        // It counts what files hold too.
        streamed: (bytes) => allowance.take(bytes),
        made: (kind, bytes) => (kind === "folder" ? allowance.take(bytes) : undefined),
      },
      place: (file) => placeOf(file, { label, remarks }),
      links: "leave out",
      onLeftOut: ({ name, type }) => void remarks.push(`${name} was left out: it is a ${type}, not a file`),
    });
    return { files, remarks };
  } catch (failure) {
    throw asCliError(failure);
  }
}

/** Where a file of an archive goes: nothing that another archive has put there is lost. */
async function placeOf(
  { name, path, mode }: TarFile,
  { label, remarks }: { readonly label: string; readonly remarks: string[] },
): Promise<FilePlace> {
  // The owner's right to run is kept, no other.
  const permissions = mode & 0o100 ? 0o755 : 0o644;
  if (appended.includes(name)) return { path, flags: "a", mode: permissions };
  if (!(await isThere(path))) return { path, flags: "wx", mode: permissions };
  const renamed = `${path}.${label}`;
  remarks.push(`${name} is in several results: this one was kept as ${renamed}`);
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
