import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { BucketPosition } from "@shoal/core";
import type { JobRow } from "./job-row.ts";
import { termsOf } from "./label-terms.ts";

/** Incremented with every change of the tables below: an index of another version is deleted and refilled. */
export const schemaVersion = 3;

// `in_bucket` is 1 once the bucket has delivered the job, and 0 while only this requester's own reads and appends have
// added it. The indexes of `jobs` and `labels` have what a list is ordered by, so that its search reads nothing else.
export const schema = `
  CREATE TABLE jobs (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL, seq INTEGER NOT NULL,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, in_bucket INTEGER NOT NULL, labels TEXT NOT NULL, wire TEXT NOT NULL
  );
  CREATE INDEX jobs_created ON jobs (created, id);
  CREATE INDEX jobs_modified ON jobs (modified, id);
  CREATE INDEX jobs_namespace_created ON jobs (namespace, created, id);
  CREATE INDEX jobs_namespace_modified ON jobs (namespace, modified, id);
  CREATE TABLE labels (
    term TEXT NOT NULL, created INTEGER NOT NULL, id TEXT NOT NULL, modified INTEGER NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (term, created, id)
  ) WITHOUT ROWID;
  CREATE INDEX labels_modified ON labels (term, modified, id, row);
  CREATE TABLE progress (bucket_id TEXT NOT NULL, revision INTEGER NOT NULL, in_bucket INTEGER NOT NULL, seq INTEGER NOT NULL);
  INSERT INTO progress VALUES ('', 0, 0, 0);
  PRAGMA user_version = ${schemaVersion};
`;

const columns = ["id", "namespace", "seq", "created", "modified", "labels", "wire"] as const;
const all = [...columns, "in_bucket"];

const statements = {
  insert: `INSERT INTO jobs (${all.join(", ")}) VALUES (${all.map(() => "?").join(", ")})`,
  update: `UPDATE jobs SET ${all.map((each) => `${each} = ?`).join(", ")} WHERE row = ?`,
  mark: "UPDATE jobs SET in_bucket = 1 WHERE row = ?",
  remove: "DELETE FROM jobs WHERE row = ?",
  label: "INSERT INTO labels (term, created, id, modified, row) VALUES (?, ?, ?, ?, ?)",
  touch: "UPDATE labels SET modified = ? WHERE term = ? AND created = ? AND id = ?",
  unlabel: "DELETE FROM labels WHERE term = ? AND created = ? AND id = ?",
  find: "SELECT namespace, seq, wire FROM jobs WHERE id = ?",
  state: "SELECT row, seq, in_bucket, created, labels FROM jobs WHERE id = ?",
  ids: "SELECT id FROM jobs WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
  behind: "SELECT id, in_bucket FROM jobs WHERE id > ? ORDER BY id LIMIT ?",
  progress: "SELECT bucket_id, revision, in_bucket, seq FROM progress",
  save: "UPDATE progress SET bucket_id = ?, revision = ?, in_bucket = ?, seq = ?",
} as const;

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
  find(id: string): { readonly namespace: string; readonly seq: number; readonly wire: string } | undefined;
  idsFrom(first: string, beyond: string, most: number): readonly string[];
  /** The ids after one, in order, and whether the bucket has delivered each. */
  idsBehind(id: string, most: number): readonly { readonly id: string; readonly isInBucket: boolean }[];
}

/** The statements of a database with the schema. */
export function jobTable(database: DatabaseSync): JobTable {
  const of = (name: keyof typeof statements) => database.prepare(statements[name]);
  const [find, ids, behind] = [of("find"), of("ids"), of("behind")];
  const writer = tableWriter(database);
  return {
    ...writer,
    find(id) {
      const row = find.get(id);
      if (row === undefined) return undefined;
      return { namespace: String(row["namespace"]), seq: Number(row["seq"]), wire: String(row["wire"]) };
    },
    idsFrom: (first, beyond, most) => ids.all(first, beyond, most).map((row) => String(row["id"])),
    idsBehind: (id, most) =>
      behind.all(id, most).map((row) => ({ id: String(row["id"]), isInBucket: row["in_bucket"] === 1 })),
  };
}

/** The rows and the progress, which are written in one transaction. */
function tableWriter(database: DatabaseSync): Pick<JobTable, "write" | "position" | "inBucket"> {
  const of = (name: keyof typeof statements) => database.prepare(statements[name]);
  const [state, save] = [of("state"), of("save")];
  const rows = rowWriter(database);
  const stored = of("progress").get();
  let position = positionOf(String(stored?.["bucket_id"]), Number(stored?.["revision"]));
  let [inBucket, seq] = [Number(stored?.["in_bucket"]), Number(stored?.["seq"])];

  function put(row: JobRow, isInBucket: boolean): void {
    const before = state.get(row.id);
    const wasInBucket = before?.["in_bucket"] === 1;
    if (before === undefined) rows.insert(row, isInBucket);
    else if (Number(before["seq"]) < row.seq) rows.update(row, before, isInBucket || wasInBucket);
    else if (isInBucket && !wasInBucket) rows.mark(before);
    if (isInBucket && !wasInBucket) inBucket += 1;
    seq = Math.max(seq, row.seq);
  }
  function drop(id: string): void {
    const before = state.get(id);
    if (before?.["in_bucket"] === 1) inBucket -= 1;
    if (before !== undefined) rows.remove(id, before);
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

type StoredState = Readonly<Record<string, SQLOutputValue>>;

/** Writes a job with the terms of its labels. `before` is the stored state of the row. */
function rowWriter(database: DatabaseSync) {
  const of = (name: keyof typeof statements) => database.prepare(statements[name]);
  const [insert, update, mark, remove] = [of("insert"), of("update"), of("mark"), of("remove")];
  const [label, touch, unlabel] = [of("label"), of("touch"), of("unlabel")];
  const values = (row: JobRow, isInBucket: boolean) => [...columns.map((column) => row[column]), isInBucket ? 1 : 0];

  function addLabels({ id, created, modified, terms }: JobRow, row: SQLInputValue): void {
    for (const term of terms) label.run(term, created, id, modified, row);
  }
  function removeLabels(id: string, { labels, created = null }: StoredState): void {
    for (const term of termsOf(JSON.parse(String(labels)))) unlabel.run(term, created, id);
  }
  return {
    insert: (row: JobRow, isInBucket: boolean) =>
      addLabels(row, insert.run(...values(row, isInBucket)).lastInsertRowid),
    update(row: JobRow, before: StoredState, isInBucket: boolean) {
      const { row: number = null, labels, created } = before;
      update.run(...values(row, isInBucket), number);
      if (labels === row.labels && created === row.created)
        for (const term of row.terms) touch.run(row.modified, term, row.created, row.id);
      else {
        removeLabels(row.id, before);
        addLabels(row, number);
      }
    },
    mark: ({ row = null }: StoredState) => void mark.run(row),
    remove(id: string, before: StoredState) {
      removeLabels(id, before);
      remove.run(before["row"] ?? null);
    },
  };
}

const positionOf = (bucketId: string, revision: number): BucketPosition | undefined =>
  bucketId === "" ? undefined : { bucketId, revision };
