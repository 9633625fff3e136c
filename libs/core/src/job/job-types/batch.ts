import { isBlameless } from "../blameless.ts";
import { type Execution, isLive, type Job, latestOf } from "../job.ts";
import type { Ended, JobType } from "./job-type.ts";

/** How often and how soon a partition is tried again. */
export const batchRetries = {
  /** Tries of one partition that may fail by the task's own doing; two nodes, twice each, is what the field allows. */
  failuresMax: 4,
  /** Tries of one partition for whatever reason: a cluster that loses a node each time must come to an end too. */
  attemptsMax: 20,
  /** The first retry is at once (elsewhere); each later one waits twice as long as the one before, from here. */
  backoffMs: 1000,
  backoffMaxMs: 60_000,
} as const;

/** So many pieces, each done once, each tried again elsewhere when its node or its try fails. */
export const batch: JobType = {
  name: "batch",
  partitions: (job) => job.header.spec.count,
  retryAt,
  verdict,
};

function retryAt(job: Job, { execution, final, blameless, now }: Ended): number | undefined {
  const { partition, attempt } = execution.placement;
  const failed = triesOf(job, partition).filter(({ state, code }) => state === "failed" && !isBlameless(code));
  const failures = failed.length + (blameless ? 0 : 1);
  if (final || failures >= batchRetries.failuresMax || attempt >= batchRetries.attemptsMax) return undefined;
  const waits = attempt - 1;
  return waits === 0 ? now : now + Math.min(batchRetries.backoffMs * 2 ** (waits - 1), batchRetries.backoffMaxMs);
}

const triesOf = (job: Job, partition: number): readonly Execution[] =>
  [...job.executions.values()].filter(({ placement }) => placement.partition === partition);

function verdict(job: Job): ReturnType<JobType["verdict"]> {
  let completed = 0;
  for (let partition = 0; partition < job.header.spec.count; partition++) {
    const execution = latestOf(job, partition);
    if (execution === undefined || isLive(execution)) continue;
    if (execution.state === "completed") completed++;
    else if (execution.retryAt === undefined) return givenUp(execution);
  }
  return completed === job.header.spec.count ? { completed: true } : undefined;
}

function givenUp({ code, message, placement }: Execution): ReturnType<JobType["verdict"]> {
  const why =
    placement.attempt > 1 ? `Job failed because it has been retried too many times. Last try: ${message}` : message;
  return { completed: false, code, why };
}
