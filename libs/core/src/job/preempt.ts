import type { JobCommands } from "./commands.ts";
import { type JobDraft, openJob, stopSlots } from "./draft.ts";
import { isOver, specOf } from "./job.ts";
import { jobLimits } from "./limits.ts";
import { isMovable } from "./node-life.ts";

/** The highest priority of executions that a job of this priority may end. */
export const preemptsUpTo = (priority: number): number => priority - jobLimits.preemptionGap;

/**
 * Stops executions whose room a job of higher priority needs. What ends anyway, or is pinned to its node, stays as it is.
 * The order does not use up attempts: a slot that was stopped is placed again.
 */
export function preempt({ executionIds, by }: JobCommands["Preempt"], draft: JobDraft): void {
  const job = openJob(draft);
  if (isOver(job)) return;
  const present = executionIds.flatMap((id) => job.live.get(id) ?? []);
  const victims = present.filter((execution) => isMovable(execution) && !execution.placement.isPinned);
  const priority = Math.max(...victims.map(({ placement }) => specOf(job, placement).priority));
  if (priority > preemptsUpTo(by.priority))
    draft.refuse(
      "ILLEGAL_TRANSITION",
      `${by.jobId} of priority ${by.priority} ends executions of priority ${preemptsUpTo(by.priority)} and lower; ${job.header.id} has priority ${priority}`,
    );
  stopSlots(draft, victims, `preempted by job ${by.jobId} of priority ${by.priority}`);
}
