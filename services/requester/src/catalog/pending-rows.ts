import type { ViewEntry } from "@shoal/core";
import { type JobRow, jobRow } from "./job-row.ts";
import type { JobTable } from "./job-table.ts";

// Changes that wait for one transaction: some 50 ms of writing. Whoever reads writes what waits first.
const waitingMax = 1000;

/** What is to be written, gathered by job: one that changes often is written once. */
export interface PendingRows {
  /** Of two entries the one from the later position of the log stays. One that cannot be read as a job removes what stood there. */
  put(jobId: string, entry: ViewEntry): void;
  remove(jobId: string): void;
  /** Enough waits to be worth a transaction. */
  full(): boolean;
  /** Writes all that waits. */
  writeTo(table: JobTable): void;
}

export function pendingRows(): PendingRows {
  const entries = new Map<string, ViewEntry>();
  const removed = new Set<string>();
  return {
    put(jobId, entry) {
      if ((entries.get(jobId)?.seq ?? 0) > entry.seq) return;
      removed.delete(jobId);
      entries.set(jobId, entry);
    },
    remove(jobId) {
      entries.delete(jobId);
      removed.add(jobId);
    },
    full: () => entries.size + removed.size >= waitingMax,
    writeTo(table) {
      if (entries.size + removed.size === 0) return;
      const rows: JobRow[] = [];
      // Made here and not when they come: of several for one job only the last is looked at.
      for (const [jobId, entry] of entries) {
        const row = jobRow(entry);
        if (row === undefined) removed.add(jobId);
        else rows.push(row);
      }
      table.write(rows, removed);
      entries.clear();
      removed.clear();
    },
  };
}
