import type { Job } from "../job.ts";
import { type RetryDefaults, retriedAt } from "../retries.ts";
import { deadlineDefaults } from "./deadline-defaults.ts";
import type { EndedExecution, JobType, JobVerdict } from "./job-type.ts";
import { causeOf, endsOf, partitionSlot, partitions } from "./partitions.ts";

/** How often and how soon a partition is retried. */
export const batchRetries = {
  /** Bacalhau allows two nodes, twice each. */
  failuresMax: 4,
  /** Bounds a job in a cluster that loses a node on each attempt. */
  attemptsMax: 20,
  /** The first retry is immediate, on another node; each later one waits twice as long as the one before, starting here. */
  backoff: { firstMs: 1000, maxMs: 60_000 },
} as const satisfies RetryDefaults;

/** A number of partitions, each run once and retried on another node when its node or its attempt fails. */
export const batch: JobType = {
  name: "batch",
  defaults: deadlineDefaults,
  slots: partitions,
  slotOf: partitionSlot,
  placeAgainAt,
  verdict,
};

function placeAgainAt(job: Job, ended: EndedExecution): number | undefined {
  if (ended.state === "completed") return undefined;
  return ended.state === "stopped" ? ended.now : retriedAt(job, ended, batchRetries);
}

function verdict(job: Job): JobVerdict | undefined {
  const { completed, givenUp } = endsOf(job);
  if (completed === job.header.spec.count) return { completed: true };
  return givenUp === undefined ? undefined : { completed: false, ...causeOf(job, givenUp.placement.slot) };
}
