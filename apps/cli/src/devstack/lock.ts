import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CliError } from "../failure.ts";

/** Holds a data directory for this process; the system lets go of it when the process ends, however it ends. */
export interface Lock {
  release(): void;
}

// After a kill -9 of a devstack its processes need a moment to notice and to end.
const waitMs = 5_000;

/** Takes a data directory, or throws CliError when another devstack holds it for longer than a moment. */
export function lockDataDir(path: string): Lock {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // A lock of SQLite is one of the system's own, on every platform, without a package.
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
