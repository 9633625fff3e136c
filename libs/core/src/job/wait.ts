import type { JobCommands } from "./commands.ts";
import { failJob, type JobDraft, openJob, typeOf } from "./draft.ts";
import { hasPlaced, isOver } from "./job.ts";
import { jobLimits } from "./limits.ts";
import { failRollout } from "./rollout.ts";
import { dropTargets } from "./targets.ts";
import { noteWait } from "./wait-note.ts";

/** Records why slots wait: all slots of the job, or some of them. */
export function wait({ slots, why, answers, never }: JobCommands["Wait"], draft: JobDraft): void {
  const job = openJob(draft);
  const { state, queueUntil } = job.header;
  const { isTargeted } = typeOf(draft, job);
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `the job is ${state}`);
  const saved = answers.slice(0, jobLimits.storedAnswers);
  if (never && isTargeted === true) {
    dropTargets(draft, slots, why);
    return;
  }
  // No node fits the new version: the executions of the one before must not end for it.
  if (never && failRollout(draft, why)) return;
  // A job that was placed or queued before had nodes that fit, and waits for them to come back: a restart of the whole cluster
  // fails no job.
  if (never && state === "pending" && queueUntil === undefined && !hasPlaced(job)) {
    failJob(draft, { code: "NO_NODE_FITS", why }, saved);
    return;
  }
  noteWait(draft, { slots, why, answers: saved });
}
