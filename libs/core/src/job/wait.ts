import { JobQueued, SlotsQueued, slotSetOf } from "@shoal/proto";
import type { JobCommands } from "./commands.ts";
import { failJob, type JobDraft, needsPlace, openJob } from "./draft.ts";
import { isOver, type WaitNote } from "./job.ts";
import { jobLimits } from "./limits.ts";

/** Records why slots wait: all slots of the job, or some of them. */
export function wait({ slots, why, answers, never }: JobCommands["Wait"], draft: JobDraft): void {
  const job = openJob(draft);
  const { state, queueUntil } = job.header;
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `the job is ${state}`);
  const saved = answers.slice(0, jobLimits.storedAnswers);
  // A job that was placed or queued before had nodes that fit, and waits for them to come back: a restart of the whole cluster
  // fails no job.
  if (never && state === "pending" && job.slots.size === 0 && queueUntil === undefined) {
    failJob(draft, { code: "NO_NODE_FITS", why }, saved);
    return;
  }
  const isPart = job.live.size > 0;
  if ((isPart || state === "queued") && isOldNews(job.waitNote, why, draft.now)) return;
  const waiting = slots.filter((slot) => needsPlace(job, slot, draft.now));
  if (!isPart) draft.emit(JobQueued.of({ why, answers: [...saved] }));
  else if (waiting.length > 0) draft.emit(SlotsQueued.of({ slots: slotSetOf(waiting), why, answers: [...saved] }));
}

/** The same reason except for its numbers, or another reason within `waitReportedMs`. */
function isOldNews(note: WaitNote | undefined, why: string, now: number): boolean {
  if (note === undefined) return false;
  return withoutNumbers(note.why) === withoutNumbers(why) || now - note.at < jobLimits.waitReportedMs;
}

// The amount of free resources changes constantly.
const withoutNumbers = (why: string): string => why.replaceAll(/[\d.]+/g, "#");
