import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { CliError } from "../failure.ts";

/** An exclusive lock on a data directory; the system releases it when the process ends, for any reason. */
export interface Lock {
  release(): void;
}

// A devstack that is stopping may take a moment to end; a person does not notice the pause between two attempts.
const wait = { mostMs: 5_000, pauseMs: 100 } as const;

/** Locks a data directory. Throws CliError when another devstack still holds it after 5 s; rejects once `signal` fires. */
export async function lockDataDir(path: string, signal: AbortSignal): Promise<Lock> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const untilAt = performance.now() + wait.mostMs;
  for (;;) {
    // SQLite locks files by the system's own means, on every platform, without a package.
    const database = new DatabaseSync(join(path, "lock.sqlite"), { timeout: 0 });
    try {
      database.exec("BEGIN EXCLUSIVE");
      return { release: () => database.close() };
    } catch (failure) {
      database.close();
      if (performance.now() >= untilAt) throw inUse(path, failure);
    }
    await setTimeout(wait.pauseMs, undefined, { signal });
  }
}

function inUse(path: string, failure: unknown): CliError {
  const why = failure instanceof Error ? failure.message : String(failure);
  return new CliError(
    "DATA_DIR_IN_USE",
    `the data directory ${path} is in use by another devstack (${why})`,
    "stop the other one, or give this one its own: --data-dir",
  );
}
