import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Only its owner reads it: some of it is secret.
const mode = 0o600;

/**
 * A text that is made once and kept in a file of a folder. It is there whole or not at all, and of two processes that make it at the
 * same time both get the one that came first.
 */
export function keptText(folder: string, name: string, make: () => string): string {
  const file = join(folder, name);
  const kept = readIfThere(file);
  if (kept !== undefined) return kept;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, make(), { mode });
  try {
    linkSync(draft, file);
  } catch (failure) {
    if (!(failure instanceof Error && "code" in failure && failure.code === "EEXIST")) throw failure;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, "utf8");
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (failure) {
    if (failure instanceof Error && "code" in failure && failure.code === "ENOENT") return undefined;
    throw failure;
  }
}
