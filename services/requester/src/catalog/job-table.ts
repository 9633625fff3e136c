import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { BucketPosition } from "@shoal/core";
import type { JobOrder } from "./catalog.ts";
import type { JobRow } from "./job-row.ts";

/** Incremented with every change of the tables below: an index of another version is deleted and refilled. */
export const schemaVersion = 2;

// `in_bucket` is 1 once the bucket has delivered the job, and 0 while only this requester's own reads and appends have
// added it.
export const schema = `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, namespace TEXT NOT NULL, seq INTEGER NOT NULL,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, labels TEXT NOT NULL, entity TEXT NOT NULL,
    in_bucket INTEGER NOT NULL
  );
  CREATE INDEX jobs_created ON jobs (created, id);
  CREATE INDEX jobs_modified ON jobs (modified, id);
  CREATE INDEX jobs_namespace_created ON jobs (namespace, created, id);
  CREATE INDEX jobs_namespace_modified ON jobs (namespace, modified, id);
  CREATE TABLE progress (bucket_id TEXT NOT NULL, revision INTEGER NOT NULL, in_bucket INTEGER NOT NULL, seq INTEGER NOT NULL);
  INSERT INTO progress VALUES ('', 0, 0, 0);
  PRAGMA user_version = ${schemaVersion};
`;

const columns = ["id", "namespace", "seq", "created", "modified", "labels", "entity"] as const;
const all = [...columns, "in_bucket"];

const statements = {
  insert: `INSERT INTO jobs (${all.join(", ")}) VALUES (${all.map(() => "?").join(", ")})`,
  update: `UPDATE jobs SET ${all.map((each) => `${each} = ?`).join(", ")} WHERE id = ?`,
  mark: "UPDATE jobs SET in_bucket = 1 WHERE id = ?",
  remove: "DELETE FROM jobs WHERE id = ?",
  find: "SELECT namespace, seq, entity FROM jobs WHERE id = ?",
  state: "SELECT seq, in_bucket FROM jobs WHERE id = ?",
  ids: "SELECT id FROM jobs WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
  behind: "SELECT id, in_bucket FROM jobs WHERE id > ? ORDER BY id LIMIT ?",
  progress: "SELECT bucket_id, revision, in_bucket, seq FROM progress",
  save: "UPDATE progress SET bucket_id = ?, revision = ?, in_bucket = ?, seq = ?",
} as const;

/** The page of the list to read. */
export interface TableRange {
  readonly namespace: string | undefined;
  readonly order: JobOrder;
  readonly reverse: boolean;
  readonly after: { readonly at: number; readonly jobId: string } | undefined;
  readonly most: number;
}

/** The columns that a list needs of each row. */
export interface ListedRow {
  readonly id: string;
  readonly at: number;
  readonly seq: number;
  readonly labels: string;
  readonly entity: string;
}

/** What one transaction writes. */
export interface TableWrite {
  readonly rows: Iterable<{ readonly row: JobRow; readonly isInBucket: boolean }>;
  readonly removed: Iterable<string>;
  /** The delivered position of the bucket; undefined while the delivery is incomplete. */
  readonly position: BucketPosition | undefined;
}

export interface JobTable {
  /**
   * Writes rows and removes ids in one transaction. An existing row is replaced only by one of a later log position.
   */
  write(write: TableWrite): void;
  position(): BucketPosition | undefined;
  /** The number of rows that the bucket has delivered. */
  inBucket(): number;
  find(id: string): { readonly namespace: string; readonly seq: number; readonly entity: string } | undefined;
  idsFrom(first: string, beyond: string, most: number): readonly string[];
  /** The ids after one, in order, and whether the bucket has delivered each. */
  idsBehind(id: string, most: number): readonly { readonly id: string; readonly isInBucket: boolean }[];
  stretch(stretch: TableRange): readonly ListedRow[];
}

/** The statements of a database with the schema. */
export function jobTable(database: DatabaseSync): JobTable {
  const of = (name: keyof typeof statements) => database.prepare(statements[name]);
  const [find, ids, behind] = [of("find"), of("ids"), of("behind")];
  const writer = tableWriter(database);
  const lists = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  return {
    ...writer,
    find(id) {
      const row = find.get(id);
      if (row === undefined) return undefined;
      return { namespace: String(row["namespace"]), seq: Number(row["seq"]), entity: String(row["entity"]) };
    },
    idsFrom: (first, beyond, most) => ids.all(first, beyond, most).map((row) => String(row["id"])),
    idsBehind: (id, most) =>
      behind.all(id, most).map((row) => ({ id: String(row["id"]), isInBucket: row["in_bucket"] === 1 })),
    stretch(page) {
      const { sql, values } = listing(page);
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

/** The rows and the progress, which are written in one transaction. */
function tableWriter(database: DatabaseSync): Pick<JobTable, "write" | "position" | "inBucket"> {
  const of = (name: keyof typeof statements) => database.prepare(statements[name]);
  const [insert, update, mark, remove] = [of("insert"), of("update"), of("mark"), of("remove")];
  const [state, save] = [of("state"), of("save")];
  const stored = of("progress").get();
  let position = positionOf(String(stored?.["bucket_id"]), Number(stored?.["revision"]));
  let [inBucket, seq] = [Number(stored?.["in_bucket"]), Number(stored?.["seq"])];

  function put(row: JobRow, isInBucket: boolean): void {
    const before = state.get(row.id);
    const wasInBucket = before?.["in_bucket"] === 1;
    const values = [...columns.map((column) => row[column]), isInBucket || wasInBucket ? 1 : 0];
    if (before === undefined) insert.run(...values);
    else if (Number(before["seq"]) < row.seq) update.run(...values, row.id);
    else if (isInBucket && !wasInBucket) mark.run(row.id);
    if (isInBucket && !wasInBucket) inBucket += 1;
    seq = Math.max(seq, row.seq);
  }
  function drop(id: string): void {
    if (state.get(id)?.["in_bucket"] === 1) inBucket -= 1;
    remove.run(id);
  }
  return {
    position: () => position,
    inBucket: () => inBucket,
    write(write) {
      const before = { inBucket, seq };
      database.exec("BEGIN");
      try {
        for (const { row, isInBucket } of write.rows) put(row, isInBucket);
        for (const id of write.removed) drop(id);
        const { bucketId, revision } = write.position ?? { bucketId: "", revision: 0 };
        save.run(bucketId, revision, inBucket, seq);
        database.exec("COMMIT");
        position = write.position;
      } catch (failure) {
        ({ inBucket, seq } = before);
        database.exec("ROLLBACK");
        throw failure;
      }
    },
  };
}

const positionOf = (bucketId: string, revision: number): BucketPosition | undefined =>
  bucketId === "" ? undefined : { bucketId, revision };

const columnOf = { createTime: "created", modifyTime: "modified" } as const satisfies Record<JobOrder, string>;

function listing({ namespace, order, reverse, after, most }: TableRange): { sql: string; values: SQLInputValue[] } {
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
