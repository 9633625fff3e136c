import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@shoal/core";
import { type Journal, JournalEntry } from "./journal.ts";

// The format version of the table below; another version of this program wrote a file with another number.
const formatVersion = 2;
const fileName = "journal.sqlite";
// A checkpoint of the WAL waits for the disk: 4 MiB at a time take milliseconds, and are rare.
const checkpointPages = 4_096;
// A deletion is not urgent: it is written with the next write, or when this many are pending.
const forgetsMax = 256;

// Exclusive: the lock is taken at the first access and held while the process lives, so two processes cannot share a
// file. WAL and NORMAL: a commit survives the process's death without waiting for the disk; a power cut loses at most
// the latest commits. Small pages: an entry takes some hundred bytes, and every commit writes whole pages.
const setUp = `
  PRAGMA page_size = 1024;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = ${checkpointPages};
  CREATE TABLE IF NOT EXISTS executions (id TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID, STRICT;
`;

interface QueuedEntry {
  readonly executionId: string;
  /** Undefined deletes the entry. */
  readonly entry: JournalEntry | undefined;
}

/**
 * The journal in a file of this folder, which must exist. All writes of one turn of the event loop are one transaction.
 * Throws Fault DATA_DIR_IN_USE when another process has the file open, DATA_DIR_FAILED when the file cannot be used,
 * NODE_DISK_FULL when the disk is full.
 */
export function diskJournal(folder: string): Journal {
  const path = join(folder, fileName);
  const { database, commit } = open(path);
  let waiting = new Map<string, QueuedEntry>();
  let round: PromiseWithResolvers<void> | undefined;

  function flush(): void {
    const [batch, done] = [[...waiting.values()], round];
    waiting = new Map();
    round = undefined;
    try {
      commit(batch);
      done?.resolve();
    } catch (failure) {
      done?.reject(diskFault(failure, path));
    }
  }
  function soon(): Promise<void> {
    if (round === undefined) {
      round = Promise.withResolvers<void>();
      setImmediate(flush);
    }
    return round.promise;
  }

  return {
    load: async () => readAll(database, path),
    write: (entry) => {
      waiting.set(entry.executionId, { executionId: entry.executionId, entry });
      return soon();
    },
    forget: (executionId) => {
      waiting.set(executionId, { executionId, entry: undefined });
      // The error is ignored: the next start forgets a remaining entry.
      if (waiting.size >= forgetsMax) soon().catch(() => {});
    },
    close: async () => {
      if (waiting.size > 0) await soon().catch(() => {});
      database.close();
    },
  };
}

interface OpenJournal {
  readonly database: DatabaseSync;
  readonly commit: (batch: readonly QueuedEntry[]) => void;
}

function open(path: string): OpenJournal {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec(setUp);
    const format = database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (format !== 0 && format !== formatVersion) {
      const why = `expected format ${formatVersion} in ${path}, got ${format}`;
      throw new Fault("DATA_DIR_FAILED", `${why}: start the version that wrote it`);
    }
    database.exec(`PRAGMA user_version = ${formatVersion}`);
    return { database, commit: committer(database) };
  } catch (failure) {
    database?.close();
    throw diskFault(failure, path);
  }
}

// SQLite's result codes (sqlite.org/rescode.html); the lowest byte of an extended code.
const busyCodes: readonly number[] = [5, 6];
const fullCode = 13;
// An invalid schema or page, a header that forbids writing, and a file that is not a database.
const damageCodes: readonly number[] = [1, 8, 11, 26];

function diskFault(failure: unknown, path: string): Fault {
  if (failure instanceof Fault) return failure;
  const errcode: unknown = failure instanceof Error ? Reflect.get(failure, "errcode") : undefined;
  const code = typeof errcode === "number" ? errcode & 0xff : 0;
  const message = failure instanceof Error ? failure.message : String(failure);
  if (busyCodes.includes(code)) return new Fault("DATA_DIR_IN_USE", `${path} is locked`);
  if (code === fullCode) return new Fault("NODE_DISK_FULL", `no space for ${path}: ${message}`, { cause: failure });
  const why = damageCodes.includes(code) ? damageOf(path, message) : `${path}: ${message}`;
  return new Fault("DATA_DIR_FAILED", why, { cause: failure });
}

/** What an operator does about it: the file contains only this node's memory of what it runs. */
function damageOf(path: string, message: string): string {
  return (
    `${path} cannot be used as this node's journal (${message}). If this user may write the file, the file is damaged: stop the node, move ${fileName}, ${fileName}-wal and ` +
    `${fileName}-shm out of the folder and restart the node: the executions of this node are then run again or reported as failed`
  );
}

function committer(database: DatabaseSync): (batch: readonly QueuedEntry[]) => void {
  const put = database.prepare(
    "INSERT INTO executions (id, entry) VALUES (?, ?) ON CONFLICT DO UPDATE SET entry = excluded.entry",
  );
  const drop = database.prepare("DELETE FROM executions WHERE id = ?");
  return (batch) => {
    database.exec("BEGIN");
    try {
      for (const { executionId, entry } of batch) {
        if (entry === undefined) drop.run(executionId);
        else put.run(executionId, JSON.stringify(entry));
      }
      database.exec("COMMIT");
    } catch (failure) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw failure;
    }
  };
}

function readAll(database: DatabaseSync, path: string): readonly JournalEntry[] {
  try {
    return database
      .prepare("SELECT id, entry FROM executions")
      .all()
      .map(({ id, entry }) => readOne(String(id), String(entry)));
  } catch (failure) {
    throw diskFault(failure, path);
  }
}

/** An unreadable entry still shows one thing: this execution was begun. */
function readOne(executionId: string, text: string): JournalEntry {
  try {
    const parsed = JournalEntry.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Not valid JSON.
  }
  return { phase: "starting", executionId };
}
