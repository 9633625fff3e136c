import { ExecutionsLost, ExecutionsStopping, JobCompleted, JobFailed, type JobSpec, slotSetOf } from "@shoal/proto";
import type { Draft } from "../decider.ts";
import type { JobCommands } from "./commands.ts";
import type { JobEvent } from "./evolve.ts";
import { type Execution, isOver, type Job, liveExecutions } from "./job.ts";
import type { EndedExecution, JobType, JobTypes } from "./job-types/job-type.ts";

/** A decision about a job in progress. */
export interface JobDraft extends Draft<Job, JobEvent> {
  readonly types: JobTypes;
}

/** The job of the command; refuses when it does not exist. */
export function openJob(draft: JobDraft): Job {
  return draft.state ?? draft.refuse("JOB_NOT_FOUND", "no job was submitted with this id");
}

/** The job's type. */
export const typeOf = ({ types }: { readonly types: JobTypes }, { header }: Job): JobType =>
  types.get(header.spec.type);

/** No execution of the slot is live, and its retry, if it was placed for this version, is due. */
export function needsPlace(job: Job, slot: string, now: number): boolean {
  const at = placedAgainAt(job, slot);
  return at !== undefined && at <= now;
}

/** When a slot is to be placed: 0 if it was never placed for this version; undefined while it is occupied or done. */
export function placedAgainAt(job: Job, slot: string): number | undefined {
  const state = job.slots.get(slot);
  if (state === undefined) return 0;
  if (state.isLive) return undefined;
  const latest = job.ended.get(state.latest);
  return latest !== undefined && latest.placement.version < job.header.version ? 0 : state.retryAt;
}

/** Ends the job when its executions decide it. */
export function conclude(draft: JobDraft): void {
  const job = openJob(draft);
  if (isOver(job)) return;
  const verdict = typeOf(draft, job).verdict(job);
  if (verdict === undefined) return;
  if (!verdict.completed) {
    failJob(draft, verdict);
    return;
  }
  stopLive(draft, "Execution stopped because the job has completed");
  draft.emit(JobCompleted.of({}));
}

/** Fails the job and stops its live executions. */
export function failJob(
  draft: JobDraft,
  { code, why }: { code: string; why: string },
  answers?: JobCommands["Wait"]["answers"],
): void {
  stopLive(draft, "Execution stopped due to job failure");
  draft.emit(JobFailed.of({ code, why, ...(answers === undefined ? {} : { answers: [...answers] }) }));
}

/** Orders all live executions to stop, in one event. */
export function stopLive(draft: JobDraft, why: string): void {
  stopSlots(draft, liveExecutions(openJob(draft)), why);
}

/** Orders live executions to stop, in one event; those that are stopping already are left out. */
export function stopSlots(draft: JobDraft, executions: readonly Execution[], why: string): void {
  const slots = executions.flatMap(({ state, placement }) => (state === "stopping" ? [] : [placement.slot]));
  if (slots.length === 0) return;
  const until = draft.now + typeOf(draft, openJob(draft)).defaults.stopWithinMs;
  draft.emit(ExecutionsStopping.of({ slots: slotSetOf(slots), why, until }));
}

/** Records executions as lost: one event for all that are placed again at the same time. */
export function loseAll(
  draft: JobDraft,
  executions: readonly Execution[],
  { code, why }: { code: string; why: string },
): void {
  const groups = Map.groupBy(
    executions,
    (execution) => retryOf(draft, execution, { state: "lost", code, final: false }).retryAt,
  );
  for (const [retryAt, group] of groups) {
    const slots = slotSetOf(group.map(({ placement }) => placement.slot));
    draft.emit(ExecutionsLost.of({ slots, code, why, ...(retryAt === undefined ? {} : { retryAt }) }));
  }
}

/** The deadlines of a version, from its timeouts, as fields of the event that begins it. */
export function untilOf(spec: JobSpec, now: number): { queueUntil?: number; totalUntil?: number } {
  const { queueTimeout = 0, totalTimeout = 0 } = spec.tasks[0]?.timeouts ?? {};
  return {
    ...(queueTimeout > 0 ? { queueUntil: now + queueTimeout * 1000 } : {}),
    ...(totalTimeout > 0 ? { totalUntil: now + totalTimeout * 1000 } : {}),
  };
}

/** When the slot of an ending execution is placed again, as the field of the event; never, once the job has ended. */
export function retryOf(
  draft: JobDraft,
  execution: Execution,
  end: Pick<EndedExecution, "state" | "code" | "final">,
): { retryAt?: number } {
  const job = openJob(draft);
  if (isOver(job)) return {};
  const at = typeOf(draft, job).placeAgainAt(job, { execution, ...end, now: draft.now });
  return at === undefined ? {} : { retryAt: at };
}
