import type { FeedEvent } from "@shoal/client";
import { errors } from "@shoal/proto/errors";
import { CliError, sayFailure } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

/** Why the version that a user waits for failed, and what follows: an earlier version was restored, or the rollout stopped. */
export interface RolloutFailure {
  readonly why: string;
  readonly isRolledBack: boolean;
}

/** The failure of a rollout that an event records; undefined for any other event. */
export function rolloutFailureOf({ type, cloudEvent: { data } }: FeedEvent): RolloutFailure | undefined {
  const isRolledBack = type === "JobUpdated" && data["Failed"] !== undefined;
  return isRolledBack || type === "JobRolloutHalted" ? { why: String(data["Why"]), isRolledBack } : undefined;
}

/** Prints why the version failed and what to do next; returns the exit code. */
export function reportRolloutFailure(terminal: Terminal, jobId: string, { why, isRolledBack }: RolloutFailure): number {
  const history = `see what failed: shoal job history ${jobId}`;
  const next = isRolledBack
    ? "the job runs its earlier version; fix the spec and submit it again"
    : errors.ROLLOUT_FAILED.hint;
  sayFailure(terminal, new CliError("ROLLOUT_FAILED", why, `${next}; ${history}`));
  return errors.ROLLOUT_FAILED.exit;
}
