import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@shoal/core";
import { schema, schemaVersion } from "./job-table.ts";

/** The file name of an index in memory. */
export const inMemory = ":memory:";

// An index that can be rebuilt needs no fsync. With a write-ahead log the thread of the lists reads beside the writer.
const pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;";

// SQLite's result codes: https://www.sqlite.org/rescode.html
const locked = new Set([5, 6]);

/**
 * Keeps other processes out of an index file until the returned function is called, or this process ends. Throws Fault
 * CONFIG_INVALID when another process holds it.
 */
export function lockDatabase(file: string): () => void {
  if (file === inMemory) return () => undefined;
  // The system releases SQLite's lock when the process ends, for any reason. The lock of the index itself would also
  // exclude this process's own readers.
  const lock = new DatabaseSync(`${file}-lock`);
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return () => lock.close();
  } catch (failure) {
    lock.close();
    if (!isLocked(failure)) throw failure;
    throw new Fault("CONFIG_INVALID", `${file} is in use by another process: give each requester its own dataDir`, {
      cause: failure,
    });
  }
}

/** Opens an index file that is locked; the index is empty when the file is missing, damaged or of another version. */
export function openDatabase(file: string): DatabaseSync {
  try {
    return opened(file);
  } catch (failure) {
    if (file === inMemory) throw failure;
    deleteDatabase(file);
    return opened(file);
  }
}

/** Deletes an index file that is not open; harmless when none exists, and for one in memory. */
export function deleteDatabase(file: string): void {
  if (file !== inMemory) for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each, { force: true });
}

/**
 * The latest log position in an index file; 0 when the file is missing or cannot be read, as the index is rebuilt then.
 */
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
