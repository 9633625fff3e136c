import type { RetryPolicy } from "@shoal/proto";
import { type Backoff, backoffMs } from "../retry.ts";
import { type Job, specOf } from "./job.ts";
import type { EndedExecution } from "./job-types/job-type.ts";
import { jobLimits } from "./limits.ts";
import { countsAgainstTask } from "./task-failure.ts";

/** How often and how soon the slots of a job type are retried, unless a task has a retry policy. */
export interface RetryDefaults {
  /** Attempts at one slot that may fail because of the task. */
  readonly failuresMax: number;
  /** Attempts at one slot that end for any reason but an order to stop. */
  readonly attemptsMax: number;
  /** The first retry is immediate; the pauses before the later ones. */
  readonly backoff: Backoff;
}

/** How often and how soon an execution is replaced that was to run until it is stopped. */
export const standingRetries: RetryDefaults = {
  // Until a user stops the job, or its task's retry policy gives up.
  failuresMax: Number.POSITIVE_INFINITY,
  attemptsMax: Number.POSITIVE_INFINITY,
  /** As Kubernetes replaces containers: a task that always fails costs a commit or two every five minutes. */
  backoff: { firstMs: 1000, maxMs: 5 * 60_000 },
};

/** When the slot of an execution that failed, was lost or was to run for ever is placed again; undefined when never. */
export function retriedAt(job: Job, ended: EndedExecution, defaults: RetryDefaults): number | undefined {
  const { execution, state, code, final, now } = ended;
  const { placement, startedAt } = execution;
  const policy = specOf(job, placement).tasks[0]?.retryPolicy;
  const isOfTask = state === "completed" || countsAgainstTask(code);
  if (isOfTask && !mayRetry(policy, { code, final })) return undefined;
  const slot = job.slots.get(placement.slot);
  const failures = (slot?.failures ?? 0) + (isOfTask ? 1 : 0);
  const ends = (slot?.ends ?? 0) + 1;
  if (failures >= (policy?.maxAttempts || defaults.failuresMax) || ends >= defaults.attemptsMax) return undefined;
  const wasStable = startedAt !== undefined && now - startedAt >= jobLimits.stableRunMs;
  const waits = wasStable ? 0 : (slot?.shortRuns ?? 0);
  return waits === 0 ? now : now + pauseMs(policy, { defaults, waits, executionId: placement.executionId });
}

function mayRetry(policy: RetryPolicy | undefined, { code, final }: Pick<EndedExecution, "code" | "final">): boolean {
  if (policy === undefined || policy.retryOn.length === 0 || code === "") return !final;
  return (policy.retryOn as readonly string[]).includes(code);
}

interface Pause {
  readonly defaults: RetryDefaults;
  /** Consecutive short runs before this one. */
  readonly waits: number;
  readonly executionId: string;
}

function pauseMs(policy: RetryPolicy | undefined, { defaults, waits, executionId }: Pause): number {
  if (policy === undefined) return backoffMs(defaults.backoff, waits);
  const { initialInterval, maxInterval, jitter } = policy;
  const pause = backoffMs({ firstMs: initialInterval * 1000, maxMs: maxInterval * 1000 }, waits);
  return Math.round(pause * (1 - jitter * fractionOf(executionId)));
}

/** A number from 0 to 1 that follows from a text: the same decision has the same jitter wherever it is made. FNV-1a, 32 bits. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
