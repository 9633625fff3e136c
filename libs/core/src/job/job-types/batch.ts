import type { Slot } from "../../kind.ts";
import { backoffMs } from "../../retry.ts";
import { type Execution, isLive, type Job, latestOf } from "../job.ts";
import { countsAgainstTask } from "../task-failure.ts";
import { deadlineDefaults } from "./deadline-defaults.ts";
import type { EndedExecution, JobType, JobVerdict } from "./job-type.ts";

/** How often and how soon a partition is retried. */
export const batchRetries = {
  /** Attempts at one partition that may fail because of the task; Bacalhau allows two nodes, twice each. */
  failuresMax: 4,
  /** Attempts at one partition for any reason: bounds a job in a cluster that loses a node on each attempt. */
  attemptsMax: 20,
  /** The first retry is immediate, on another node; each later one waits twice as long as the one before, starting here. */
  backoff: { firstMs: 1000, maxMs: 60_000 },
} as const;

/** A number of partitions, each run once and retried on another node when its node or its attempt fails. */
export const batch: JobType = {
  name: "batch",
  defaults: deadlineDefaults,
  slots: ({ header }) => Array.from({ length: header.spec.count }, (_, partition) => ({ slot: `${partition}` })),
  slotOf: partitionSlot,
  placeAgainAt,
  verdict,
};

function partitionSlot({ header }: Job, slot: string): Slot | undefined {
  const { count } = header.spec;
  const partition = Number(slot);
  return `${partition}` === slot && Number.isInteger(partition) && partition >= 0 && partition < count
    ? { slot }
    : undefined;
}

function placeAgainAt(job: Job, { execution, state, code, final, now }: EndedExecution): number | undefined {
  if (final || state === "completed") return undefined;
  if (state === "stopped") return now;
  const { slot, attempt } = execution.placement;
  const failures = (job.slots.get(slot)?.failures ?? 0) + (countsAgainstTask(code) ? 1 : 0);
  if (failures >= batchRetries.failuresMax || attempt >= batchRetries.attemptsMax) return undefined;
  const waits = attempt - 1;
  return waits === 0 ? now : now + backoffMs(batchRetries.backoff, waits);
}

function verdict(job: Job): JobVerdict | undefined {
  const { count } = job.header.spec;
  let completed = 0;
  for (let partition = 0; partition < count; partition++) {
    const execution = latestOf(job, `${partition}`);
    if (execution === undefined || isLive(execution) || execution.placement.version < job.header.version) continue;
    if (execution.state === "completed") completed++;
    else if (execution.retryAt === undefined) return givenUp(execution);
  }
  return completed === count ? { completed: true } : undefined;
}

function givenUp({ code, message, placement }: Execution): JobVerdict {
  const why =
    placement.attempt > 1 ? `Job failed because it has been retried too many times. Last attempt: ${message}` : message;
  return { completed: false, code, why };
}
