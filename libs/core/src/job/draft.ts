import { ExecutionStopped, JobCompleted, JobFailed } from "@shoal/proto";
import type { Draft } from "../decider.ts";
import type { JobCommands } from "./commands.ts";
import type { JobEvent } from "./evolve.ts";
import { type Execution, isLive, isOver, type Job, latestOf, liveExecutions } from "./job.ts";
import { jobTypes } from "./job-types/index.ts";

/** A decision about a job in the making. */
export type JobDraft = Draft<Job, JobEvent>;

/** The job that the command speaks of, or a refusal. */
export function openJob(draft: JobDraft): Job {
  return draft.state ?? draft.refuse("JOB_NOT_FOUND", "nothing was ever submitted under this id");
}

/** The partition has no live and no completed execution, and its retry (if it is one) is due. */
export function needsPlace(job: Job, partition: number, now: number): boolean {
  if (partition >= jobTypes.get(job.header.spec.type).partitions(job)) return false;
  const latest = latestOf(job, partition);
  if (latest === undefined) return true;
  return !isLive(latest) && latest.state !== "completed" && latest.retryAt !== undefined && latest.retryAt <= now;
}

/** Ends the job when its executions say so. */
export function conclude(draft: JobDraft): void {
  const job = openJob(draft);
  if (isOver(job)) return;
  const verdict = jobTypes.get(job.header.spec.type).verdict(job);
  if (verdict === undefined) return;
  if (verdict.completed) draft.emit(JobCompleted.of({}));
  else failJob(draft, verdict);
}

/** Fails the job and stops whatever of it still runs. */
export function failJob(
  draft: JobDraft,
  { code, why }: { code: string; why: string },
  answers?: JobCommands["Wait"]["answers"],
): void {
  stopLive(draft, "Execution stopped due to job failure");
  draft.emit(JobFailed.of({ code, why, ...(answers === undefined ? {} : { answers: [...answers] }) }));
}

export function stopLive(draft: JobDraft, why: string): void {
  for (const { placement } of liveExecutions(openJob(draft))) {
    draft.emit(ExecutionStopped.of({ executionId: placement.executionId, why }));
  }
}

/** The retry that follows a bad end, as the field of the event. */
export function retryOf(
  draft: JobDraft,
  execution: Execution,
  end: { final: boolean; blameless: boolean },
): { retryAt?: number } {
  const job = openJob(draft);
  const at = jobTypes.get(job.header.spec.type).retryAt(job, { execution, ...end, now: draft.now });
  return at === undefined ? {} : { retryAt: at };
}
