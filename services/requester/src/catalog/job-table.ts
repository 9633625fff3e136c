import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { JobOrder, OpenJob } from "./catalog.ts";
import type { JobRow } from "./job-row.ts";

/** Grows with every change of the tables below: an index of another version is thrown away and filled again. */
export const schemaVersion = 1;

export const schema = `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, namespace TEXT NOT NULL, seq INTEGER NOT NULL, shard INTEGER NOT NULL, open INTEGER NOT NULL,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, labels TEXT NOT NULL, entity TEXT NOT NULL
  );
  CREATE INDEX jobs_created ON jobs (created, id);
  CREATE INDEX jobs_modified ON jobs (modified, id);
  CREATE INDEX jobs_namespace ON jobs (namespace, created, id);
  CREATE INDEX jobs_open ON jobs (shard) WHERE open = 1;
  PRAGMA user_version = ${schemaVersion};
`;

const columns = ["id", "namespace", "seq", "shard", "open", "created", "modified", "labels", "entity"] as const;

// A row that is there already stays unless the new one comes from a later position of the log.
const upsert = `
  INSERT INTO jobs (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
  ON CONFLICT (id) DO UPDATE SET ${columns
    .slice(1)
    .map((each) => `${each} = excluded.${each}`)
    .join(", ")}
  WHERE excluded.seq > jobs.seq
`;

/** Which stretch of the list is wanted. */
export interface Stretch {
  readonly namespace: string | undefined;
  readonly order: JobOrder;
  readonly reverse: boolean;
  readonly after: { readonly at: number; readonly jobId: string } | undefined;
  readonly most: number;
}

/** What a list needs of each row. */
export interface ListedRow {
  readonly id: string;
  readonly at: number;
  readonly seq: number;
  readonly labels: string;
  readonly entity: string;
}

export interface JobTable {
  /** Writes rows and removes ids, all or nothing. */
  write(rows: Iterable<JobRow>, removed: Iterable<string>): void;
  open(shard: number): readonly OpenJob[];
  idsFrom(first: string, beyond: string, most: number): readonly string[];
  allIds(): Iterable<string>;
  /** 0 when there is no such row. */
  seqOf(id: string): number;
  stretch(stretch: Stretch): readonly ListedRow[];
}

/** The statements over a database that has the schema. */
export function jobTable(database: DatabaseSync): JobTable {
  const put = database.prepare(upsert);
  const drop = database.prepare("DELETE FROM jobs WHERE id = ?");
  const open = database.prepare("SELECT namespace, id FROM jobs WHERE open = 1 AND shard = ? ORDER BY id");
  const ids = database.prepare("SELECT id FROM jobs WHERE id >= ? AND id < ? ORDER BY id LIMIT ?");
  const every = database.prepare("SELECT id FROM jobs");
  const position = database.prepare("SELECT seq FROM jobs WHERE id = ?");
  const lists = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  return {
    write(rows, removed) {
      database.exec("BEGIN");
      for (const row of rows) put.run(...columns.map((column) => row[column]));
      for (const id of removed) drop.run(id);
      database.exec("COMMIT");
    },
    open: (shard) => open.all(shard).map((row) => ({ namespace: String(row["namespace"]), jobId: String(row["id"]) })),
    idsFrom: (first, beyond, most) => ids.all(first, beyond, most).map((row) => String(row["id"])),
    allIds: () => every.all().map((row) => String(row["id"])),
    seqOf: (id) => Number(position.get(id)?.["seq"] ?? 0),
    stretch(wanted) {
      const { sql, values } = listing(wanted);
      const statement = lists.get(sql) ?? database.prepare(sql);
      lists.set(sql, statement);
      return statement.all(...values).map((row) => ({
        id: String(row["id"]),
        at: Number(row["at"]),
        seq: Number(row["seq"]),
        labels: String(row["labels"]),
        entity: String(row["entity"]),
      }));
    },
  };
}

const columnOf = { createTime: "created", modifyTime: "modified" } as const satisfies Record<JobOrder, string>;

function listing({ namespace, order, reverse, after, most }: Stretch): { sql: string; values: SQLInputValue[] } {
  const column = columnOf[order];
  const direction = reverse ? "DESC" : "ASC";
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  if (namespace !== undefined) {
    conditions.push("namespace = ?");
    values.push(namespace);
  }
  if (after !== undefined) {
    conditions.push(`(${column}, id) ${reverse ? "<" : ">"} (?, ?)`);
    values.push(after.at, after.jobId);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT id, ${column} AS at, seq, labels, entity FROM jobs ${where} ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`;
  return { sql, values: [...values, most] };
}
