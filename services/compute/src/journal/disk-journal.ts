import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@shoal/core";
import { type Journal, JournalEntry } from "./journal.ts";

// The form of the table below; a file of another form was written by another version of this program.
const formVersion = 1;
const fileName = "journal.sqlite";
// Copying the log of writes into the file waits for the disk: 4 MiB of it at a time take milliseconds and come seldom.
const checkpointPages = 4_096;
// Forgetting hurries nobody: it travels with the next write, unless so many wait.
const forgetsMax = 256;

// Exclusive: the lock is taken at the first access and held while the process lives, so two cannot share a file. WAL and NORMAL:
// a commit survives the process's death without waiting for the disk; what a power cut takes is as if it had come sooner.
// Small pages: an entry takes some hundred bytes, and every commit writes whole pages.
const setUp = `
  PRAGMA page_size = 1024;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = ${checkpointPages};
  CREATE TABLE IF NOT EXISTS executions (id TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID, STRICT;
`;

interface Waiting {
  readonly executionId: string;
  /** Undefined forgets. */
  readonly entry: JournalEntry | undefined;
}

/**
 * The journal in a file of this folder, which exists. What is written in one turn of the event loop becomes one transaction.
 * Throws Fault DATA_DIR_IN_USE when another process has it, DATA_DIR_FAILED when it cannot be used.
 */
export function diskJournal(folder: string): Journal {
  const path = join(folder, fileName);
  const database = open(path);
  const commit = committer(database);
  let waiting = new Map<string, Waiting>();
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
      // Unheard: an entry that stays is forgotten again at the next start.
      if (waiting.size >= forgetsMax) soon().catch(() => {});
    },
    close: async () => {
      if (waiting.size > 0) await soon().catch(() => {});
      database.close();
    },
  };
}

function open(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec(setUp);
    const form = database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (form !== 0 && form !== formVersion) {
      throw new Fault("DATA_DIR_FAILED", `${path} has form ${form}, this program reads form ${formVersion}`);
    }
    database.exec(`PRAGMA user_version = ${formVersion}`);
    return database;
  } catch (failure) {
    database?.close();
    throw diskFault(failure, path);
  }
}

// SQLite's own result codes for a file that another process has locked.
const busyCodes: readonly unknown[] = [5, 6];

function diskFault(failure: unknown, path: string): Fault {
  if (failure instanceof Fault) return failure;
  const [code, message] = failure instanceof Error ? [Reflect.get(failure, "errcode"), failure.message] : [0, ""];
  if (busyCodes.includes(code)) return new Fault("DATA_DIR_IN_USE", `${path} is locked`);
  return new Fault("DATA_DIR_FAILED", `${path}: ${message}`, { cause: failure });
}

function committer(database: DatabaseSync): (batch: readonly Waiting[]) => void {
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

/** An entry that cannot be read says one thing still: this execution was begun. */
function readOne(executionId: string, text: string): JournalEntry {
  try {
    const parsed = JournalEntry.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Not even JSON.
  }
  return { phase: "starting", executionId };
}
