import { z } from "zod";
import type { ErrorCode } from "../errors.ts";

/** Codes of failures that count against a task. A lost node, or one that restarts, is retried in any case. */
const taskFailures = [
  "INPUT_UNAVAILABLE",
  "ENGINE_FAILED",
  "TASK_INVALID",
  "TASK_EXITED",
  "OUT_OF_MEMORY",
  "DISK_LIMIT_EXCEEDED",
  "OUTPUT_TOO_LARGE",
  "EXECUTION_TIMED_OUT",
  "PUBLISH_FAILED",
  "PUBLISH_TIMED_OUT",
  "RESULTS_TOO_LARGE",
  "NODE_DISK_FULL",
] as const satisfies readonly ErrorCode[];

// Ten years, as for timeouts: an overflow of milliseconds is far away.
const seconds = z
  .number()
  .min(0, "expected 0 or more seconds")
  .max(31_536_000 * 10, "expected at most ten years");

/** How a failed attempt is retried. What is left out is the job type's default. */
export const RetryPolicy = z
  .object({
    maxAttempts: z
      .int("expected a whole number of attempts")
      .min(0, "expected 0 or more attempts")
      .max(1_000, "expected at most 1000 attempts")
      .default(0)
      .describe("attempts that may fail because of the task, the first one included; 0 is the job type's default"),
    initialInterval: seconds
      .default(1)
      .describe("seconds before the second retry; the first one is immediate, and each later pause is twice as long"),
    maxInterval: seconds.default(60).describe("the longest pause before a retry, in seconds"),
    jitter: z
      .number()
      .min(0, "expected a fraction from 0 to 1")
      .max(1, "expected a fraction from 0 to 1")
      .default(0)
      .describe(
        "the part of each pause that is left to chance, so that tasks that failed together retry apart; 0 to 1",
      ),
    retryOn: z
      .array(z.enum(taskFailures, `expected one of ${taskFailures.join(" ")}`))
      .max(taskFailures.length)
      .default([])
      .describe("codes of failures that are retried; empty: every failure that another attempt may not repeat"),
  })
  .superRefine(({ initialInterval, maxInterval }, issues) => {
    if (initialInterval > maxInterval)
      issues.addIssue({
        code: "custom",
        message: `invalid retry policy: initial interval ${initialInterval}s is longer than max interval ${maxInterval}s`,
      });
  });
export type RetryPolicy = z.infer<typeof RetryPolicy>;
