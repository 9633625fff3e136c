import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault } from "@shoal/core";
import { type Journal, JournalEntry } from "./journal.ts";

// The form of the table below; a file of another form was written by another version of this program.
const formVersion = 2;
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

interface QueuedEntry {
  readonly executionId: string;
  /** Undefined forgets. */
  readonly entry: JournalEntry | undefined;
}

/**
 * The journal in a file of this folder, which exists. What is written in one turn of the event loop becomes one transaction.
 * Throws Fault DATA_DIR_IN_USE when another process has it, DATA_DIR_FAILED when it cannot be used, NODE_DISK_FULL when there is no room.
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
      // Unheard: an entry that stays is forgotten again at the next start.
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
    const form = database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (form !== 0 && form !== formVersion) {
      const why = `${path} has form ${form}, this program reads form ${formVersion}`;
      throw new Fault("DATA_DIR_FAILED", `${why}: start the version that has written it`);
    }
    database.exec(`PRAGMA user_version = ${formVersion}`);
    return { database, commit: committer(database) };
  } catch (failure) {
    database?.close();
    throw diskFault(failure, path);
  }
}

// SQLite's own result codes (sqlite.org/rescode.html), of which an extended code keeps the lowest byte.
const busyCodes: readonly number[] = [5, 6];
const fullCode = 13;
// A schema or a page that makes no sense, a header that forbids writing, and a file that is no database.
const damageCodes: readonly number[] = [1, 8, 11, 26];

function diskFault(failure: unknown, path: string): Fault {
  if (failure instanceof Fault) return failure;
  const errcode: unknown = failure instanceof Error ? Reflect.get(failure, "errcode") : undefined;
  const code = typeof errcode === "number" ? errcode & 0xff : 0;
  const message = failure instanceof Error ? failure.message : String(failure);
  if (busyCodes.includes(code)) return new Fault("DATA_DIR_IN_USE", `${path} is locked`);
  if (code === fullCode) return new Fault("NODE_DISK_FULL", `no room for ${path}: ${message}`, { cause: failure });
  const why = damageCodes.includes(code) ? damageOf(path, message) : `${path}: ${message}`;
  return new Fault("DATA_DIR_FAILED", why, { cause: failure });
}

/** What a person does about it: nothing but this node's memory of what it runs is in the file. */
function damageOf(path: string, message: string): string {
  return (
    `${path} cannot be used as this node's journal (${message}). If this user may write the file, it is damaged: stop the node, move ${fileName}, ${fileName}-wal and ` +
    `${fileName}-shm out of the folder and start it again: executions that were running here are then begun again or reported as failed`
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
