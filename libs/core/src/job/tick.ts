import { ExecutionFailed } from "@shoal/proto";
import { conclude, failJob, type JobDraft, loseAll, openJob, retryOf } from "./draft.ts";
import { type Execution, hasPlaced, isOver, type Job, liveExecutions, specOf } from "./job.ts";
import { jobLimits } from "./limits.ts";
import { stopOld } from "./old-versions.ts";
import { continueRollout, failedInRollout } from "./rollout.ts";

/** A deadline of the job itself: its time, and the sentence when it has passed. */
interface JobDeadline {
  readonly at: number;
  readonly why: string;
}

type LiveState = "assigned" | "running" | "publishing" | "stopping";

/** How long each state may exceed its deadline: time for a node that acts on the same deadline to report it. */
const graceMs: { readonly [S in LiveState]: number } = {
  assigned: 0,
  running: jobLimits.timeoutGraceMs,
  publishing: jobLimits.timeoutGraceMs,
  stopping: 0,
};

/** Ends a state that lasts too long. */
const overdue: { readonly [S in LiveState]: (executions: readonly Execution[], draft: JobDraft) => void } = {
  assigned: (executions, draft) =>
    loseAll(draft, executions, { code: "START_TIMED_OUT", why: "the node did not start it in time" }),
  running: timeOut,
  publishing: (executions, draft) =>
    loseAll(draft, executions, { code: "PUBLISH_TIMED_OUT", why: "publishing its results took too long" }),
  stopping: (executions, draft) =>
    loseAll(draft, executions, {
      code: "STOP_TIMED_OUT",
      why: "the node did not confirm the stop in time",
    }),
};

/** Applies the deadlines that have passed; none: no event. */
export function tick(draft: JobDraft, job: Job): void {
  const due = jobDeadlines(job).find(({ at }) => at <= draft.now);
  if (due !== undefined) failJob(draft, { code: "JOB_TIMED_OUT", why: due.why });
  // After a failure by the job's deadline everything is stopping, with new deadlines.
  const late = liveExecutions(openJob(draft)).filter((execution) => (deadlineOf(execution) ?? Infinity) <= draft.now);
  for (const [state, executions] of Map.groupBy(late, (execution) => execution.state as LiveState))
    overdue[state](executions, draft);
  if (!isOver(openJob(draft))) continueRollout(draft);
  stopOld(draft);
  conclude(draft);
}

/** When a live execution's present state times out; undefined when it has no limit. */
export function deadlineOf({ state, deadlineAt }: Execution): number | undefined {
  return deadlineAt === undefined ? undefined : deadlineAt + graceMs[state as LiveState];
}

/** The deadlines of the job itself, until it ends. */
export function jobDeadlines(job: Job): readonly JobDeadline[] {
  if (isOver(job)) return [];
  const { totalUntil, queueUntil, createdAt, version, message } = job.header;
  // A later version has separate limits, from its start.
  const beganAt = job.versions.get(version)?.at ?? createdAt;
  const deadlines: JobDeadline[] = [];
  if (totalUntil !== undefined)
    deadlines.push({
      at: totalUntil,
      why: `Job timed out. Job took longer than ${(totalUntil - beganAt) / 1000}s`,
    });
  // The queue limit applies until the first placement: a job that has run waits for its nodes to come back.
  if (queueUntil !== undefined && !hasPlaced(job))
    deadlines.push({
      at: queueUntil,
      why: `Job timed out. Job waited longer than ${(queueUntil - beganAt) / 1000}s for a node. ${message}`.trim(),
    });
  return deadlines;
}

/** One event per execution, as many as a commit takes; the others remain due. */
function timeOut(executions: readonly Execution[], draft: JobDraft): void {
  const code = "EXECUTION_TIMED_OUT";
  for (const execution of executions.slice(0, jobLimits.placesPerCommit)) {
    const { placement } = execution;
    const seconds = specOf(openJob(draft), placement).tasks[0]?.timeouts.executionTimeout ?? 0;
    const why = `Execution timed out. Execution took longer than ${seconds}s`;
    const retry = retryOf(draft, execution, { state: "failed", code, final: true });
    draft.emit(ExecutionFailed.of({ executionId: placement.executionId, code, why, ...retry }));
    failedInRollout(draft, execution, { code, why });
  }
}
