import { JobQueued, SlotsQueued, slotSetOf } from "@shoal/proto";
import type { JobCommands } from "./commands.ts";
import { type JobDraft, needsPlace, openJob } from "./draft.ts";
import type { WaitNote } from "./job.ts";
import { jobLimits } from "./limits.ts";

/** Records why slots wait, or why the job has none. */
export function noteWait(draft: JobDraft, { slots, why, answers }: Omit<JobCommands["Wait"], "never">): void {
  const job = openJob(draft);
  const { state } = job.header;
  const isPart = job.live.size > 0;
  if ((isPart || state === "queued") && isOldNews(job.waitNote, why, draft.now)) return;
  const waiting = slots.filter((slot) => needsPlace(job, slot, draft.now));
  if (!isPart) draft.emit(JobQueued.of({ why, answers: [...answers] }));
  else if (waiting.length > 0) draft.emit(SlotsQueued.of({ slots: slotSetOf(waiting), why, answers: [...answers] }));
}

/** The same reason except for its numbers, or another reason within `waitReportedMs`. */
function isOldNews(note: WaitNote | undefined, why: string, now: number): boolean {
  if (note === undefined) return false;
  return withoutNumbers(note.why) === withoutNumbers(why) || now - note.at < jobLimits.waitReportedMs;
}

// The amount of free resources changes constantly.
const withoutNumbers = (why: string): string => why.replaceAll(/[\d.]+/g, "#");
