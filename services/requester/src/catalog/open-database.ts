import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@shoal/core";
import { schema, schemaVersion } from "./job-table.ts";

/** Where an index lives only as long as its process. */
export const inMemory = ":memory:";

// What can be filled again needs no fsync; the exclusive lock also keeps a second process out of the same data directory.
const pragmas =
  "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;";

// SQLite's own numbers of errors: https://www.sqlite.org/rescode.html
const locked = new Set([5, 6]);

/** Opens an index file, empty when there is none or when it is damaged or of another version. Throws Fault CONFIG_INVALID when another process holds it. */
export function openDatabase(file: string): DatabaseSync {
  try {
    return opened(file);
  } catch (failure) {
    if (isLocked(failure))
      throw new Fault("CONFIG_INVALID", `${file} is in use by another process: give each requester its own dataDir`, {
        cause: failure,
      });
    if (file === inMemory) throw failure;
    deleteDatabase(file);
    return opened(file);
  }
}

/** Deletes an index file that is not open; harmless when there is none, and for one in memory. */
export function deleteDatabase(file: string): void {
  if (file !== inMemory) for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each, { force: true });
}

/** The latest log position that an index file knows; 0 when there is none, or when it cannot be read: it is filled again then. */
export function newestInDatabase(file: string): number {
  if (!existsSync(file)) return 0;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    return Number(database.prepare("SELECT seq FROM progress").get()?.["seq"] ?? 0);
  } catch {
    return 0;
  } finally {
    database?.close();
  }
}

function opened(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec(pragmas);
    const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (found === 0) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    else if (found !== schemaVersion) throw new Error(`the index has version ${found}`);
    return database;
  } catch (failure) {
    database.close();
    throw failure;
  }
}

const isLocked = (failure: unknown): boolean =>
  failure instanceof Error &&
  "errcode" in failure &&
  typeof failure.errcode === "number" &&
  locked.has(failure.errcode);
