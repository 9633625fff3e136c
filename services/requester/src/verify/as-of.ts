import { type EventLog, executionEntities, Fault, foldJob, historyOf, jobEntity } from "@shoal/core";
import type { ExecutionEntity, HistoryEntity, JobEntity } from "@shoal/proto";

/** A point in history: a position of the log, or a time in milliseconds since the epoch. */
export type AsOf = { readonly seq: number } | { readonly at: number };

/** A job with its history up to then. */
export interface JobAsOf {
  readonly job: JobEntity;
  readonly executions: readonly ExecutionEntity[];
  readonly history: readonly HistoryEntity[];
}

/** A job as of a point in history. Throws Fault JOB_NOT_FOUND when it did not exist then. */
export async function jobAsOf(log: EventLog, jobId: string, moment: AsOf): Promise<JobAsOf> {
  const all = await log.load({ kind: "job", namespace: "*", id: jobId });
  const then = all.filter(({ seq, commit }) => ("seq" in moment ? seq <= moment.seq : commit.at <= moment.at));
  const job = foldJob(then);
  if (job === undefined) {
    const when = "seq" in moment ? `at position ${moment.seq}` : `at ${new Date(moment.at).toISOString()}`;
    throw new Fault("JOB_NOT_FOUND", `job not found: ${jobId} ${when}`);
  }
  return { job: jobEntity(job), executions: executionEntities(job), history: historyOf(then) };
}
