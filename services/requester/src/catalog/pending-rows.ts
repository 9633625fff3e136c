import type { BucketPosition } from "@shoal/core";
import { type JobRow, jobRow } from "./job-row.ts";
import type { JobTable } from "./job-table.ts";

// Changes that wait for one transaction: some 2 ms of writing (measured), so that requests do not wait for it. A read writes what waits first.
const waitingMax = 64;

/** A job that is to be written. */
export interface PendingRow {
  /** The job as the view renders it. */
  readonly entity: unknown;
  readonly seq: number;
  /** The bucket has delivered it. */
  readonly isInBucket: boolean;
}

/** What is to be written, gathered by job: one that changes often is written once. */
export interface PendingRows {
  /** Of two states of a job the one from the later position of the log stays. One that cannot be read as a job removes what was there. */
  put(jobId: string, pending: PendingRow): void;
  remove(jobId: string): void;
  /** Up to where the bucket has been delivered; undefined while not all of it has. Written with the rows. */
  reach(position: BucketPosition | undefined): void;
  /** Enough waits to be worth a transaction. */
  full(): boolean;
  /** Writes all that waits. */
  writeTo(table: JobTable): void;
}

export function pendingRows(): PendingRows {
  const waiting = new Map<string, PendingRow>();
  const removed = new Set<string>();
  let reached: { readonly position: BucketPosition | undefined } | undefined;
  return {
    put(jobId, pending) {
      const before = waiting.get(jobId);
      removed.delete(jobId);
      const newest = before !== undefined && before.seq > pending.seq ? before : pending;
      waiting.set(jobId, { ...newest, isInBucket: pending.isInBucket || before?.isInBucket === true });
    },
    remove(jobId) {
      waiting.delete(jobId);
      removed.add(jobId);
    },
    reach(position) {
      reached = { position };
    },
    full: () => waiting.size + removed.size >= waitingMax,
    writeTo(table) {
      if (waiting.size + removed.size === 0 && reached === undefined) return;
      const rows: { row: JobRow; isInBucket: boolean }[] = [];
      // Made here and not when they come: of several for one job only the last is looked at.
      for (const [jobId, { entity, seq, isInBucket }] of waiting) {
        const row = jobRow(entity, seq);
        if (row === undefined) removed.add(jobId);
        else rows.push({ row, isInBucket });
      }
      table.write({ rows, removed, position: reached === undefined ? table.position() : reached.position });
      waiting.clear();
      removed.clear();
      reached = undefined;
    },
  };
}
