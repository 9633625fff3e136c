import { type ExecutionEvent, executionMachine, type JobLevelEvent, jobMachine, next } from "@shoal/proto";
import { type Moment, writable } from "../decider.ts";
import { type Execution, isLive, isOver, type Job, type JobHeader, latestOf } from "./job.ts";

/** Every event that may stand in a job's history: its own and those of its executions. */
export type JobEvent = JobLevelEvent | ExecutionEvent;
type Data<T extends JobEvent["type"]> = Extract<JobEvent, { type: T }>["data"];

/** Folds one event of a job in; undefined when the machines have no such row. */
export function evolveJob(job: Job | undefined, event: JobEvent, moment: Moment): Job | undefined {
  if (event.type === "JobSubmitted") return job === undefined ? submitted(event.data, moment) : undefined;
  // Nothing follows the end, whatever the executions' own table would allow.
  if (job === undefined || isOver(job)) return undefined;
  if (event.type === "ExecutionAssigned") return assigned(job, event.data, moment);
  if (isOfExecution(event)) return executionMoved(job, event, moment);
  const state = next(jobMachine, job.header.state, event.type);
  if (state === undefined) return undefined;
  const { revision } = job.header;
  const header = {
    ...job.header,
    ...headerPatch(event),
    state,
    revision: revision + 1,
    modifiedAt: moment.at,
    seq: moment.seq,
  };
  return { ...job, header };
}

function isOfExecution(event: JobEvent): event is Exclude<ExecutionEvent, { type: "ExecutionAssigned" }> {
  return executionMachine.moves.has(event.type);
}

function submitted(data: Data<"JobSubmitted">, { at, seq }: Moment): Job {
  const header: JobHeader = {
    id: data.jobId,
    spec: data.spec,
    version: data.version,
    state: "pending",
    message: "",
    code: "",
    queueUntil: data.queueUntil,
    totalUntil: data.totalUntil,
    revision: 1,
    createdAt: at,
    modifiedAt: at,
    seq,
  };
  return { header, executions: new Map(), latest: new Map() };
}

function headerPatch(event: Exclude<JobLevelEvent, { type: "JobSubmitted" }>): Pick<JobHeader, "message" | "code"> {
  const data: { readonly why?: string; readonly code?: string } = event.data;
  return { message: data.why ?? "", code: data.code ?? "" };
}

function assigned(job: Job, data: Data<"ExecutionAssigned">, moment: Moment): Job | undefined {
  if (job.executions.has(data.executionId) || isTaken(job, data.partition)) return undefined;
  const { at, seq } = moment;
  const executions = writable(job.executions, moment);
  const before = data.previous === undefined ? undefined : executions.get(data.previous);
  if (before !== undefined)
    executions.set(before.placement.executionId, touched(before, { next: data.executionId }, moment));
  executions.set(data.executionId, {
    placement: {
      executionId: data.executionId,
      partition: data.partition,
      attempt: data.attempt,
      version: data.version,
      nodeId: data.nodeId,
      askId: data.askId,
      resources: data.resources,
      previous: data.previous,
      createdAt: at,
      seq,
    },
    state: "assigned",
    code: "",
    message: "",
    startedAt: undefined,
    timeoutAt: undefined,
    retryAt: undefined,
    output: undefined,
    result: undefined,
    next: undefined,
    revision: 1,
    modifiedAt: at,
    seq,
  });
  return { ...job, executions, latest: writable(job.latest, moment).set(data.partition, data.executionId) };
}

/** Somebody works on the partition, or has done it. */
function isTaken(job: Job, partition: number): boolean {
  const latest = latestOf(job, partition);
  return latest !== undefined && (isLive(latest) || latest.state === "completed");
}

function executionMoved(
  job: Job,
  event: Exclude<ExecutionEvent, { type: "ExecutionAssigned" }>,
  moment: Moment,
): Job | undefined {
  const execution = job.executions.get(event.data.executionId);
  const state = execution === undefined ? undefined : next(executionMachine, execution.state, event.type);
  if (execution === undefined || state === undefined) return undefined;
  const moved = touched(execution, { ...executionPatch(event), state }, moment);
  return { ...job, executions: writable(job.executions, moment).set(event.data.executionId, moved) };
}

/** Facts keep their names, so an event's data is the patch it makes; only "why" is called message afterwards. */
function executionPatch(event: Exclude<ExecutionEvent, { type: "ExecutionAssigned" }>): Partial<Execution> {
  const { executionId: _, ...facts } = event.data;
  if (!("why" in facts)) return facts;
  const { why, ...rest } = facts;
  return { ...rest, message: why };
}

function touched(execution: Execution, patch: Partial<Execution>, { at, seq }: Moment): Execution {
  return { ...execution, ...patch, revision: execution.revision + 1, modifiedAt: at, seq };
}
