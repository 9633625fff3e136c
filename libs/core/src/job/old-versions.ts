import { standingTypes } from "@shoal/proto";
import { type JobDraft, openJob, stopSlots } from "./draft.ts";
import { type Execution, isOver, type Job, liveExecutions } from "./job.ts";
import { jobLimits } from "./limits.ts";

/** Why an execution of an earlier version is stopped. */
export const stoppedForUpdate = "Execution stopped for job update";

/**
 * The executions of earlier versions that a job which ends stops now: a bounded number at once, so that an update of a
 * large job does not occupy its nodes and the views. A rollout replaces those of jobs that run until they are stopped.
 */
export function oldToStop(job: Job): readonly Execution[] {
  const { spec, version } = job.header;
  if (version === 1 || isOver(job) || standingTypes.includes(spec.type)) return [];
  const old: Execution[] = [];
  let stopping = 0;
  for (const execution of liveExecutions(job)) {
    if (execution.state === "stopping") stopping++;
    else if (execution.placement.version < version) old.push(execution);
  }
  return old.slice(0, Math.max(0, jobLimits.stoppingAtOnce - stopping));
}

/** Stops the next executions of earlier versions; none: no event. */
export function stopOld(draft: JobDraft): void {
  stopSlots(draft, oldToStop(openJob(draft)), stoppedForUpdate);
}
