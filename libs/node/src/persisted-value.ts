import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Readable by the owner only: some values are secret.
const mode = 0o600;

/** Where a value is stored, and how it is created. */
export interface PersistedValueOptions {
  /** An existing folder. */
  readonly folder: string;
  /** The name of the file in it. */
  readonly name: string;
  readonly make: () => string;
}

/**
 * A text that is created at the first start and stored in a file. The file is complete or absent, whenever the process ends. When two
 * processes create it at the same time, both get the value of the first. An empty file counts as absent. Throws the error of the
 * file system.
 */
export function persistedValue({ folder, name, make }: PersistedValueOptions): string {
  const file = join(folder, name);
  const stored = readIfThere(file);
  if (stored !== "") return stored;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, make(), { mode });
  try {
    linkSync(draft, file);
  } catch (failure) {
    if (!(failure instanceof Error && "code" in failure && failure.code === "EEXIST")) throw failure;
    const first = readIfThere(file);
    if (first !== "") return first;
    // A disk that lost power may leave a file without content.
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  return readIfThere(file);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (failure) {
    if (failure instanceof Error && "code" in failure && failure.code === "ENOENT") return "";
    throw failure;
  }
}
