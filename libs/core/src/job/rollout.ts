import { JobRolledOut, JobRolloutHalted, UpdateStrategy } from "@shoal/proto";
import { type JobDraft, openJob, stopSlots, typeOf } from "./draft.ts";
import { type Execution, isLive, type Job, latestOf } from "./job.ts";
import type { JobType } from "./job-types/job-type.ts";
import { beginVersion } from "./new-version.ts";
import { stoppedForUpdate } from "./old-versions.ts";
import { countsAgainstTask } from "./task-failure.ts";

/** What a rollout does next. */
interface RolloutStep {
  /** Executions of earlier versions that are replaced now. */
  readonly replace: readonly Execution[];
  /** Every slot has run the current version for long enough. */
  readonly isDone: boolean;
  /** When an execution has run for long enough; undefined when time alone changes nothing. */
  readonly nextAt: number | undefined;
}

const noStep: RolloutStep = { replace: [], isDone: false, nextAt: undefined };

const strategyOf = ({ header }: Job): UpdateStrategy => header.spec.update ?? UpdateStrategy.parse({});

/** The next step of the job's rollout. It never has more than `maxParallel` slots without a stable execution. */
export function rolloutStep(job: Job, type: JobType, now: number): RolloutStep {
  const { rollout } = job;
  if (rollout === undefined || rollout.isHalted) return noStep;
  const { maxParallel, minHealthyTime } = strategyOf(job);
  const old: Execution[] = [];
  const stableAt: number[] = [];
  let moving = 0;
  for (const slot of slotsOf(job, type)) {
    const latest = latestOf(job, slot);
    const at = stableFrom(job, latest, { isPinned: latest?.placement.isPinned === true, ms: minHealthyTime * 1000 });
    if (at === "old" && latest !== undefined) old.push(latest);
    else if (at === "moving") moving++;
    else if (typeof at === "number" && at > now) {
      moving++;
      stableAt.push(at);
    }
  }
  const replace = old.slice(0, Math.max(0, maxParallel - moving));
  const isDone = old.length === 0 && moving === 0;
  return { replace, isDone, nextAt: stableAt.length === 0 ? undefined : Math.min(...stableAt) };
}

/** The slots that the job has and that were placed, or are to be: those of nodes only while they matter. */
function slotsOf(job: Job, type: JobType): readonly string[] {
  if (type.followsNodes !== true)
    return type.slots(job, { isGone: () => false, nodes: () => [], settled: () => true }).map(({ slot }) => slot);
  return [...job.slots.keys()];
}

/**
 * The time from which a slot counts as stable; `old` for a live execution of an earlier version, `moving` for a slot without a running
 * execution.
 */
function stableFrom(
  job: Job,
  latest: Execution | undefined,
  { isPinned, ms }: { readonly isPinned: boolean; readonly ms: number },
): number | "old" | "moving" {
  if (latest === undefined) return "moving";
  const { version } = latest.placement;
  const isCurrent = version === job.header.version || (version === job.rollout?.restored && isLive(latest));
  if (!isCurrent && isLive(latest)) return latest.state === "stopping" ? "moving" : "old";
  // A node may not fit the new version, or be gone: its slot is not waited for longer than for a stable execution.
  if (!isLive(latest)) return isPinned ? latest.modifiedAt + ms : "moving";
  return latest.state === "running" ? latest.modifiedAt + ms : "moving";
}

/** Takes the next step of the rollout, if one is due. */
export function continueRollout(draft: JobDraft): void {
  const job = openJob(draft);
  const { replace, isDone } = rolloutStep(job, typeOf(draft, job), draft.now);
  if (isDone) draft.emit(JobRolledOut.of({ version: job.header.version }));
  else if (replace.length > 0) stopSlots(draft, replace, stoppedForUpdate);
}

/** An execution has failed: when it is of the version that is rolled out, that version is rolled back, or its rollout halts. */
export function failedInRollout(
  draft: JobDraft,
  { placement }: Execution,
  { code, why }: { readonly code: string; readonly why: string },
): void {
  const job = openJob(draft);
  if (placement.version === job.header.version && (code === "" || countsAgainstTask(code))) failRollout(draft, why);
}

/** Rolls the current version back, or halts its rollout; returns whether there was a rollout in progress. */
export function failRollout(draft: JobDraft, cause: string): boolean {
  const job = openJob(draft);
  const { rollout, versions } = job;
  if (rollout === undefined || rollout.isHalted) return false;
  const { version } = job.header;
  const before = versions.get(rollout.from);
  if (!strategyOf(job).autoRevert || rollout.restored !== undefined || before === undefined) {
    const why = `version ${version} failed; executions of version ${rollout.from} continue: ${cause}`;
    draft.emit(JobRolloutHalted.of({ version, code: "ROLLOUT_FAILED", why }));
    return true;
  }
  const why = `rolled back to version ${rollout.from} because version ${version} failed: ${cause}`;
  beginVersion(draft, before.spec, { why, of: rollout.from, failed: version });
  return true;
}
