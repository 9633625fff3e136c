import type { BucketPosition } from "@shoal/core";
import { type JobRow, jobRow } from "./job-row.ts";
import type { JobTable } from "./job-table.ts";

// Changes of the bucket that wait for one transaction: some 2 ms of writing (measured), so that requests do not wait for it.
const batch = 64;

// Jobs that the bucket has not delivered yet, with those that it has: above this it is seconds behind, and memory is not for its backlog.
const waitingMax = 1_024;

/** A job that is to be written. */
export interface PendingRow {
  /** The job as the view renders it; called when it is written, unless a later state has taken its place. */
  readonly entity: () => unknown;
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
  /** Writes what the bucket has delivered once that is worth a transaction. The rest is written when the bucket delivers it, too. */
  writeBatch(table: JobTable): void;
  /** Writes all that waits, for a read. */
  writeTo(table: JobTable): void;
}

export function pendingRows(): PendingRows {
  const waiting = new Map<string, PendingRow>();
  const removed = new Set<string>();
  let delivered = 0;
  let reached: { readonly position: BucketPosition | undefined } | undefined;

  function drop(jobId: string): PendingRow | undefined {
    const before = waiting.get(jobId);
    if (before?.isInBucket === true) delivered -= 1;
    waiting.delete(jobId);
    return before;
  }

  function write(table: JobTable, which: (pending: PendingRow) => boolean): void {
    if (waiting.size + removed.size === 0 && reached === undefined) return;
    const rows: { row: JobRow; isInBucket: boolean }[] = [];
    const written: string[] = [];
    // Rendered here and not when they come: of several for one job only the last is looked at.
    for (const [jobId, pending] of waiting) {
      if (!which(pending)) continue;
      written.push(jobId);
      const row = jobRow(pending.entity(), pending.seq);
      if (row === undefined) removed.add(jobId);
      else rows.push({ row, isInBucket: pending.isInBucket });
    }
    table.write({ rows, removed, position: reached === undefined ? table.position() : reached.position });
    for (const jobId of written) drop(jobId);
    removed.clear();
    reached = undefined;
  }

  return {
    put(jobId, pending) {
      const before = drop(jobId);
      removed.delete(jobId);
      const newest = before !== undefined && before.seq > pending.seq ? before : pending;
      const isInBucket = pending.isInBucket || before?.isInBucket === true;
      if (isInBucket) delivered += 1;
      waiting.set(jobId, { ...newest, isInBucket });
    },
    remove(jobId) {
      drop(jobId);
      removed.add(jobId);
    },
    reach(position) {
      reached = { position };
    },
    writeBatch(table) {
      if (waiting.size >= waitingMax) write(table, () => true);
      else if (delivered + removed.size >= batch) write(table, ({ isInBucket }) => isInBucket);
    },
    writeTo: (table) => write(table, () => true),
  };
}
