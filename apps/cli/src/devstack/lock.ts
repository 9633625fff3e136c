import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CliError } from "../failure.ts";

/** An exclusive lock on a data directory; the system releases it when the process ends, for any reason. */
export interface Lock {
  release(): void;
}

// After SIGKILL of a devstack, its processes take a moment to detect that and to end.
const waitMs = 5_000;

/** Locks a data directory. Throws CliError when another devstack still holds it after 5 s. */
export function lockDataDir(path: string): Lock {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // SQLite locks files by the system's own means, on every platform, without a package.
  const database = new DatabaseSync(join(path, "lock.sqlite"), { timeout: waitMs });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (failure) {
    database.close();
    const why = failure instanceof Error ? failure.message : String(failure);
    throw new CliError(
      "DATA_DIR_IN_USE",
      `the data directory ${path} is in use by another devstack (${why})`,
      "stop the other one, or give this one its own: --data-dir",
    );
  }
  return { release: () => database.close() };
}
