import { type EventLog, foldJob, type Job, type StoredCommit } from "@shoal/core";
import { type JobLocateParts, type JobScope, locateJob } from "./locate-job.ts";

/** A job as the log has it now. */
export interface FoundJob {
  readonly job: Job;
  /** Its commits, oldest first. */
  readonly stored: readonly StoredCommit[];
}

export interface JobReadParts extends JobLocateParts {
  readonly log: EventLog;
}

/**
 * Finds a job with its history, fresh from the log: for reads that need more than the view has. Throws as `locateJob`.
 */
export function findJob(parts: JobReadParts, called: string, scope: JobScope = {}): Promise<FoundJob> {
  return locateJob(parts, { called, scope, read: (id) => readJob(parts.log, id) });
}

/** The job of an id from its log; undefined when there is none. */
export async function readJob(log: Pick<EventLog, "load">, id: string): Promise<FoundJob | undefined> {
  const stored = await log.load({ kind: "job", namespace: "*", id });
  const job = foldJob(stored);
  return job === undefined ? undefined : { job, stored };
}
