import { ExecutionAssigned, executionIdOf, JobStarted, JobStopped, JobSubmitted } from "@shoal/proto";
import { type Decision, decideWith } from "../decider.ts";
import type { JobCommand, JobCommands, SlotPlacement } from "./commands.ts";
import { conclude, type JobDraft, needsPlace, openJob, stopLive, typeOf, untilOf } from "./draft.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import { isOver, isPlaced, type Job } from "./job.ts";
import { jobTypes } from "./job-types/index.ts";
import type { JobTypes } from "./job-types/job-type.ts";
import { jobLimits } from "./limits.ts";
import { rerun, update } from "./new-version.ts";
import { leaveNode, loseNode, resumeNode } from "./node-life.ts";
import { preempt } from "./preempt.ts";
import { takeReport } from "./report.ts";
import { target } from "./targets.ts";
import { tick } from "./tick.ts";
import { wait } from "./wait.ts";

type Handler<C> = (command: C, draft: JobDraft) => void;

const handlers: { readonly [C in keyof JobCommands]: Handler<JobCommands[C]> } = {
  Submit: submit,
  Update: update,
  Rerun: rerun,
  Target: target,
  Place: place,
  Wait: wait,
  Report: (command, draft) => takeReport(command, draft, openJob(draft)),
  LoseNode: loseNode,
  ResumeNode: resumeNode,
  LeaveNode: leaveNode,
  Preempt: preempt,
  Tick: (_, draft) => tick(draft, openJob(draft)),
  Stop: stop,
};

/** A decider for some job types; see `decideJob`. */
export function jobDecider(types: JobTypes) {
  return (job: Job | undefined, command: JobCommand, now: number): Decision<JobEvent> => {
    const handle = handlers[command.name] as Handler<JobCommand>;
    return decideWith<Job, JobEvent>(evolveJob, job, {
      now,
      decide: (draft) =>
        handle(command, {
          get state() {
            return draft.state;
          },
          now,
          emit: draft.emit,
          refuse: draft.refuse,
          types,
        }),
    });
  };
}

/** The result of a command for a job in its present state. Pure; `now` in milliseconds since the epoch. */
export const decideJob = jobDecider(jobTypes);

function submit({ jobId, spec }: JobCommands["Submit"], draft: JobDraft): void {
  if (draft.state !== undefined) draft.refuse("JOB_EXISTS", `${jobId} is ${draft.state.header.state}`);
  if (!draft.types.has(spec.type))
    draft.refuse(
      "INVALID_SPEC",
      `job type "${spec.type}" is not supported; supported types: ${draft.types.names.join(", ")}`,
    );
  draft.emit(JobSubmitted.of({ jobId, spec, version: 1, ...untilOf(spec, draft.now) }));
  const job = openJob(draft);
  if (typeOf(draft, job).runsEmpty?.(job) === true) draft.emit(JobStarted.of({}));
  conclude(draft);
}

function place({ places, answers }: JobCommands["Place"], draft: JobDraft): void {
  const job = openJob(draft);
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `the job is ${job.header.state}`);
  const saved = answers.slice(0, jobLimits.storedAnswers);
  let first = true;
  for (const each of places.slice(0, jobLimits.placesPerCommit)) {
    const assignment = assign(draft, job, each);
    if (assignment === undefined) continue;
    draft.emit(ExecutionAssigned.of({ ...assignment, answers: first ? saved : [] }));
    first = false;
  }
  if (!first && job.header.state !== "running") draft.emit(JobStarted.of({}));
}

/** The assignment that fills a slot, on the job before the command; undefined when the slot cannot take this placement. */
function assign(draft: JobDraft, job: Job, { slot, nodeId, askId, resources }: SlotPlacement) {
  const type = typeOf(draft, job);
  const found = type.slotOf(job, slot);
  if (found === undefined || !needsPlace(job, slot, draft.now)) return undefined;
  if (found.pinnedTo !== undefined && found.pinnedTo !== nodeId) return undefined;
  const before = job.slots.get(slot);
  // Each version counts its attempts from 1.
  const attempt = isPlaced(job, slot) ? (before?.attempts ?? 0) + 1 : 1;
  const { id: jobId, version } = job.header;
  return {
    executionId: executionIdOf({ jobId, version, slot, attempt }),
    slot,
    ...(found.pinnedTo === undefined ? {} : { isPinned: true }),
    attempt,
    version,
    nodeId,
    askId,
    resources,
    ...(before === undefined ? {} : { previous: before.latest }),
    startBy: draft.now + type.defaults.startWithinMs,
  };
}

function stop({ why }: JobCommands["Stop"], draft: JobDraft): void {
  const job = openJob(draft);
  const { state, id } = job.header;
  if (state === "stopped") return;
  if (isOver(job)) draft.refuse("ILLEGAL_TRANSITION", `job ${id} is in terminal state ${state} and cannot be stopped`);
  stopLive(draft, "Execution stop requested because job has been stopped");
  draft.emit(JobStopped.of({ why }));
}
