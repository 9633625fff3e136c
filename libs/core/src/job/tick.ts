import { ExecutionFailed } from "@shoal/proto";
import { conclude, failJob, type JobDraft, needsPlace, retryOf } from "./draft.ts";
import { isOver, type Job, liveExecutions } from "./job.ts";
import { jobTypes } from "./job-types/index.ts";
import { jobLimits } from "./limits.ts";

/** Does what the deadlines demand by now; nothing when none is due. */
export function tick(draft: JobDraft, job: Job): void {
  if (isOver(job)) return;
  const { totalUntil, queueUntil, createdAt } = job.header;
  if (totalUntil !== undefined && totalUntil <= draft.now) {
    const why = `Job timed out. Job took longer than ${(totalUntil - createdAt) / 1000}s`;
    failJob(draft, { code: "JOB_TIMED_OUT", why });
    return;
  }
  if (queueUntil !== undefined && queueUntil <= draft.now && isWaiting(job)) {
    const why =
      `Job timed out. Job waited longer than ${(queueUntil - createdAt) / 1000}s for a place. ${job.header.message}`.trim();
    failJob(draft, { code: "JOB_TIMED_OUT", why });
    return;
  }
  for (const execution of liveExecutions(job)) {
    if (execution.timeoutAt === undefined || execution.timeoutAt + jobLimits.timeoutGraceMs > draft.now) continue;
    const seconds = (execution.timeoutAt - (execution.startedAt ?? execution.timeoutAt)) / 1000;
    const why = `Execution timed out. Execution took longer than ${Math.round(seconds)}s`;
    const again = retryOf(draft, execution, { final: true, blameless: false });
    draft.emit(
      ExecutionFailed.of({ executionId: execution.placement.executionId, code: "EXECUTION_TIMED_OUT", why, ...again }),
    );
  }
  conclude(draft);
}

/** Nothing of it runs and nothing of it ever ran: it waits for its first place. */
const isWaiting = (job: Job): boolean => liveExecutions(job).length === 0 && job.header.state !== "running";

/** What a job needs by itself, whatever anybody commands. */
export interface Needs {
  /** Partitions that look for a place now. */
  readonly partitions: readonly number[];
  /** When to look again, in milliseconds since the epoch; undefined when time alone changes nothing. */
  readonly lookAt: number | undefined;
  /** A deadline has passed: a Tick would do something. */
  readonly due: boolean;
}

const none: Needs = { partitions: [], lookAt: undefined, due: false };

/** Looks at a job as it stands: level, not edge, so a new owner finds the same. */
export function needsOf(job: Job, now: number): Needs {
  if (isOver(job)) return none;
  const { totalUntil, queueUntil } = job.header;
  const deadlines = [totalUntil, isWaiting(job) ? queueUntil : undefined];
  for (const { timeoutAt } of liveExecutions(job)) {
    if (timeoutAt !== undefined) deadlines.push(timeoutAt + jobLimits.timeoutGraceMs);
  }
  const partitions: number[] = [];
  const retries: number[] = [];
  for (let partition = 0; partition < jobTypes.get(job.header.spec.type).partitions(job); partition++) {
    if (needsPlace(job, partition, now)) partitions.push(partition);
    else retries.push(...retryTime(job, partition, now));
  }
  const known = deadlines.filter((at) => at !== undefined);
  const lookAt = Math.min(...known, ...retries);
  return { partitions, lookAt: Number.isFinite(lookAt) ? lookAt : undefined, due: known.some((at) => at <= now) };
}

function retryTime(job: Job, partition: number, now: number): readonly number[] {
  const id = job.latest.get(partition);
  const at = id === undefined ? undefined : job.executions.get(id)?.retryAt;
  return at !== undefined && at > now ? [at] : [];
}
