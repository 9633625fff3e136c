import type { JobRow } from "./job-row.ts";
import type { JobTable } from "./job-table.ts";

// Changes that wait for one transaction: some 50 ms of writing. Whoever reads writes what waits first.
const waitingMax = 1000;

/** What is to be written, gathered by job: one that changes often is written once. */
export interface PendingRows {
  put(row: JobRow): void;
  remove(jobId: string): void;
  /** Enough waits to be worth a transaction. */
  full(): boolean;
  /** Writes all that waits. */
  writeTo(table: JobTable): void;
}

export function pendingRows(): PendingRows {
  const rows = new Map<string, JobRow>();
  const removed = new Set<string>();
  return {
    put(row) {
      removed.delete(row.id);
      rows.set(row.id, row);
    },
    remove(jobId) {
      rows.delete(jobId);
      removed.add(jobId);
    },
    full: () => rows.size + removed.size >= waitingMax,
    writeTo(table) {
      if (rows.size + removed.size === 0) return;
      table.write(rows.values(), removed);
      rows.clear();
      removed.clear();
    },
  };
}
