import {
  ExecutionAssigned,
  ExecutionLost,
  executionIdOf,
  JobQueued,
  JobStarted,
  JobStopped,
  JobSubmitted,
} from "@shoal/proto";
import { type Decision, decideWith } from "../decider.ts";
import type { JobCommand, JobCommands, Place } from "./commands.ts";
import { conclude, failJob, type JobDraft, needsPlace, openJob, retryOf, stopLive } from "./draft.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import { isOver, type Job, type JobHeader, latestOf, liveExecutions } from "./job.ts";
import { jobTypes } from "./job-types/index.ts";
import { jobLimits } from "./limits.ts";
import { takeReport } from "./report.ts";
import { tick } from "./tick.ts";

type Handler<C> = (command: C, draft: JobDraft) => void;

const handlers: { readonly [C in keyof JobCommands]: Handler<JobCommands[C]> } = {
  Submit: submit,
  Place: place,
  Wait: wait,
  Report: (command, draft) => takeReport(command, draft, openJob(draft)),
  LoseNode: loseNode,
  Tick: (_, draft) => tick(draft, openJob(draft)),
  Stop: stop,
};

/** What a command comes to, for a job as it stands. Pure; `now` in milliseconds since the epoch. */
export function decideJob(job: Job | undefined, command: JobCommand, now: number): Decision<JobEvent> {
  const handle = handlers[command.name] as Handler<JobCommand>;
  return decideWith(evolveJob, job, { now, decide: (draft) => handle(command, draft) });
}

function submit({ jobId, spec }: JobCommands["Submit"], draft: JobDraft): void {
  if (draft.state !== undefined) draft.refuse("JOB_EXISTS", `${jobId} is ${draft.state.header.state}`);
  if (!jobTypes.has(spec.type))
    draft.refuse("INVALID_SPEC", `job type "${spec.type}" is not supported yet, only ${jobTypes.names.join(", ")}`);
  const timeouts = spec.tasks[0]?.timeouts;
  const until = (seconds: number | undefined) => (seconds ? draft.now + seconds * 1000 : undefined);
  const queueUntil = until(timeouts?.queueTimeout);
  const totalUntil = until(timeouts?.totalTimeout);
  draft.emit(
    JobSubmitted.of({
      jobId,
      spec,
      version: 1,
      ...(queueUntil === undefined ? {} : { queueUntil }),
      ...(totalUntil === undefined ? {} : { totalUntil }),
    }),
  );
  conclude(draft);
}

function place({ places, answers }: JobCommands["Place"], draft: JobDraft): void {
  const job = openJob(draft);
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `the job is ${job.header.state}`);
  const kept = answers.slice(0, jobLimits.answersKept);
  let first = true;
  for (const each of places.slice(0, jobLimits.placesPerCommit)) {
    if (!needsPlace(job, each.partition, draft.now)) continue;
    draft.emit(assign(job, each, first ? kept : []));
    first = false;
  }
  if (!first && openJob(draft).header.state !== "running") draft.emit(JobStarted.of({}));
}

function assign(job: Job, { partition, nodeId, askId, resources }: Place, answers: JobCommands["Place"]["answers"]) {
  const before = latestOf(job, partition);
  const attempt = (before?.placement.attempt ?? 0) + 1;
  const { id: jobId, version } = job.header;
  return ExecutionAssigned.of({
    executionId: executionIdOf({ jobId, version, partition, attempt }),
    partition,
    attempt,
    version,
    nodeId,
    askId,
    resources,
    ...(before === undefined ? {} : { previous: before.placement.executionId }),
    answers: [...answers],
  });
}

function wait({ why, answers, never }: JobCommands["Wait"], draft: JobDraft): void {
  const job = openJob(draft);
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `the job is ${job.header.state}`);
  const kept = answers.slice(0, jobLimits.answersKept);
  // A job that has run or queued before knew nodes that fit, and waits for them to come back: a restart of the whole cluster must
  // fail nothing.
  const isNew = job.header.state === "pending" && job.executions.size === 0;
  if (never && isNew && job.header.queueUntil === undefined) {
    failJob(draft, { code: "NO_NODE_FITS", why }, kept);
    return;
  }
  if (liveExecutions(job).length > 0) return;
  if (job.header.state === "queued" && isOldNews(job.header, why, draft.now)) return;
  draft.emit(JobQueued.of({ why, answers: [...kept] }));
}

function loseNode({ nodeId, why }: JobCommands["LoseNode"], draft: JobDraft): void {
  for (const execution of liveExecutions(openJob(draft))) {
    if (execution.placement.nodeId !== nodeId) continue;
    const again = retryOf(draft, execution, { final: false, blameless: true });
    draft.emit(ExecutionLost.of({ executionId: execution.placement.executionId, code: "NODE_LOST", why, ...again }));
  }
  conclude(draft);
}

function stop({ why }: JobCommands["Stop"], draft: JobDraft): void {
  const job = openJob(draft);
  const { state, id } = job.header;
  if (state === "stopped") return;
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `job ${id} is in terminal state ${state} and cannot be stopped`);
  stopLive(draft, "Execution stop requested because job has been stopped");
  draft.emit(JobStopped.of({ why }));
}

/** The same reason in other numbers, or another one so soon that the log need not have it. */
function isOldNews({ message, modifiedAt }: JobHeader, why: string, now: number): boolean {
  return withoutNumbers(message) === withoutNumbers(why) || now - modifiedAt < jobLimits.waitToldMs;
}

// How much is free changes all the time.
const withoutNumbers = (why: string): string => why.replaceAll(/[\d.]+/g, "#");
