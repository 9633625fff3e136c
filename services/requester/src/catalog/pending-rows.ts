import type { BucketPosition } from "@shoal/core";
import { type JobRow, jobRow } from "./job-row.ts";
import type { JobTable } from "./job-table.ts";

// Changes of the bucket in one transaction: some 2 ms of writing (measured), so that requests are not blocked.
const batch = 64;

// The limit of jobs in memory that the bucket has not delivered yet, delivered ones included. Above it the bucket is
// seconds behind, and its backlog must not fill the memory.
const waitingMax = 1_024;

/** A job to be written. */
export interface PendingRow {
  /** The job as the view renders it; called when it is written, unless a later state has replaced it. */
  readonly entity: () => unknown;
  readonly seq: number;
  /** The bucket has delivered it. */
  readonly isInBucket: boolean;
}

/** Pending changes by job: a job that changes often is written once. */
export interface PendingRows {
  /**
   * Of two states of a job, the one of the later log position is retained. A state that cannot be read as a job removes
   * the row.
   */
  put(jobId: string, pending: PendingRow): void;
  remove(jobId: string): void;
  /** The log position of a job's pending state, 0 for a job that is to be removed; undefined without a change of the job. */
  seqOf(jobId: string): number | undefined;
  /** The delivered position of the bucket; undefined while the delivery is incomplete. Written with the rows. */
  reach(position: BucketPosition | undefined): void;
  /** Writes the delivered changes once a batch is full. The other changes are written when the bucket delivers them. */
  writeBatch(table: JobTable): void;
  /** Writes all pending changes, for a read. */
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
    // Rendered on write and not on arrival: of several states of one job only the last is used.
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
    seqOf: (jobId) => (removed.has(jobId) ? 0 : waiting.get(jobId)?.seq),
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
