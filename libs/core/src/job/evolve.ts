import {
  type ExecutionEvent,
  type ExecutionState,
  executionMachine,
  type JobLevelEvent,
  jobMachine,
  next,
  type SlotSet,
  slotsIn,
} from "@shoal/proto";
import { type Moment, writable } from "../decider.ts";
import { type Execution, executionOf, isLive, isOver, type Job, type JobHeader, type SlotState } from "./job.ts";
import { jobLimits } from "./limits.ts";
import { countsAgainstTask } from "./task-failure.ts";

/** Every event of a job's history: its own and those of its executions. */
export type JobEvent = JobLevelEvent | ExecutionEvent;
type Data<T extends JobEvent["type"]> = Extract<JobEvent, { type: T }>["data"];
type MoveEvent = Exclude<ExecutionEvent, { type: "ExecutionAssigned" }>;

/** Folds one event of a job in; undefined when the machines do not allow it. */
export function evolveJob(job: Job | undefined, event: JobEvent, moment: Moment): Job | undefined {
  if (event.type === "JobSubmitted") return job === undefined ? submitted(event.data, moment) : undefined;
  if (job === undefined) return undefined;
  const after = isOfExecution(event) ? executionsChanged(job, event, moment) : headerChanged(job, event, moment);
  return after === undefined ? undefined : { ...after, seq: moment.seq };
}

function isOfExecution(event: JobEvent): event is ExecutionEvent {
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
  return {
    header,
    versions: new Map([[data.version, { version: data.version, spec: data.spec, at }]]),
    live: new Map(),
    ended: new Map(),
    superseded: new Map(),
    evicted: new Map(),
    slots: new Map(),
    failuresOn: new Map(),
    waitNote: undefined,
    assignedCount: 0,
    seq,
  };
}

function headerChanged(
  job: Job,
  event: Exclude<JobLevelEvent, { type: "JobSubmitted" }>,
  { at, seq }: Moment,
): Job | undefined {
  const state = next(jobMachine, job.header.state, event.type);
  if (state === undefined) return undefined;
  const isWait = event.type === "JobQueued" || event.type === "SlotsQueued";
  const noted = isWait ? { ...job, waitNote: { why: event.data.why, at } } : job;
  // Slots that wait beside running ones are a note, not a change of the job.
  if (event.type === "SlotsQueued") return noted;
  const { revision } = job.header;
  const data: { readonly why?: string; readonly code?: string } = event.data;
  const patch = { message: data.why ?? "", code: data.code ?? "", state };
  return { ...noted, header: { ...job.header, ...patch, revision: revision + 1, modifiedAt: at, seq } };
}

function executionsChanged(job: Job, event: ExecutionEvent, moment: Moment): Job | undefined {
  // The job has ended: only the end of what is stopping is allowed.
  if (isOver(job) && event.type !== "ExecutionStopped" && event.type !== "ExecutionsLost") return undefined;
  if (event.type === "ExecutionAssigned") return assigned(job, event.data, moment);
  const ids = "slots" in event.data ? liveIdsIn(job, event.data.slots) : [event.data.executionId];
  return ids?.reduce<Job | undefined>((after, id) => after && moved(after, { id, event }, moment), job);
}

/** The live executions of some slots; undefined when one of them has none. */
function liveIdsIn(job: Job, slots: SlotSet): readonly string[] | undefined {
  const ids: string[] = [];
  for (const slot of slotsIn(slots)) {
    const state = job.slots.get(slot);
    if (state?.isLive !== true) return undefined;
    ids.push(state.latest);
  }
  return ids;
}

function assigned(job: Job, data: Data<"ExecutionAssigned">, moment: Moment): Job | undefined {
  const { executionId, slot } = data;
  const before = job.slots.get(slot);
  if (before?.isLive === true || executionOf(job, executionId) !== undefined) return undefined;
  const { at, seq } = moment;
  const ordinal = job.assignedCount + 1;
  const live = writable(job.live, moment).set(executionId, {
    placement: placementOf(data, { ordinal, at, seq }),
    state: "assigned",
    code: "",
    message: "",
    startedAt: undefined,
    deadlineAt: data.startBy,
    retryAt: undefined,
    output: undefined,
    result: undefined,
    next: undefined,
    report: 0,
    revision: 1,
    modifiedAt: at,
    seq,
  });
  const slots = writable(job.slots, moment).set(slot, {
    latest: executionId,
    isLive: true,
    attempts: data.attempt,
    failures: before?.failures ?? 0,
    retryAt: undefined,
  });
  const waitNote = job.waitNote && { ...job.waitNote, why: "" };
  const after = { ...job, live, slots, assignedCount: ordinal, waitNote };
  return before === undefined ? after : supersede(after, { id: before.latest, by: executionId }, moment);
}

function placementOf(
  data: Data<"ExecutionAssigned">,
  { ordinal, at, seq }: { ordinal: number; at: number; seq: number },
): Execution["placement"] {
  const { executionId, slot, attempt, version, nodeId, askId, resources, previous } = data;
  const isPinned = data.isPinned === true;
  return {
    executionId,
    slot,
    isPinned,
    partition: isPinned ? 0 : Number(slot),
    attempt,
    version,
    nodeId,
    askId,
    resources,
    previous,
    ordinal,
    createdAt: at,
    seq,
  };
}

/** An ended execution is followed by another one: it moves to the superseded ones, and the oldest of these is evicted. */
function supersede(job: Job, { id, by }: { readonly id: string; readonly by: string }, moment: Moment): Job {
  const execution = job.ended.get(id);
  if (execution === undefined) return job;
  const ended = writable(job.ended, moment);
  ended.delete(id);
  const superseded = writable(job.superseded, moment).set(id, touched(execution, { next: by }, moment));
  const [oldest] = superseded.values();
  if (superseded.size <= jobLimits.supersededStored || oldest === undefined) return { ...job, ended, superseded };
  superseded.delete(oldest.placement.executionId);
  const evicted = writable(job.evicted, moment);
  evicted.set(oldest.state, (evicted.get(oldest.state) ?? 0) + 1);
  return { ...job, ended, superseded, evicted };
}

function moved(
  job: Job,
  { id, event }: { readonly id: string; readonly event: MoveEvent },
  moment: Moment,
): Job | undefined {
  const execution = job.live.get(id);
  const state = execution === undefined ? undefined : next(executionMachine, execution.state, event.type);
  if (execution === undefined || state === undefined) return undefined;
  const after = touched(execution, { ...patchOf(event), state }, moment);
  const live = writable(job.live, moment);
  if (isLive(after)) {
    live.set(id, after);
    return { ...job, live };
  }
  live.delete(id);
  const ended = writable(job.ended, moment).set(id, after);
  const { slot, nodeId } = after.placement;
  const before = job.slots.get(slot);
  const slots = before && writable(job.slots, moment).set(slot, endedSlot(before, after));
  const failuresOn = isBad(state) ? failedOn(job, nodeId, moment) : job.failuresOn;
  return { ...job, live, ended, slots: slots ?? job.slots, failuresOn };
}

const isBad = (state: ExecutionState): boolean => state === "failed" || state === "lost";

function endedSlot(slot: SlotState, { state, code, retryAt }: Execution): SlotState {
  const failures = slot.failures + (isBad(state) && countsAgainstTask(code) ? 1 : 0);
  return { ...slot, isLive: false, failures, retryAt };
}

function failedOn(job: Job, nodeId: string, moment: Moment): ReadonlyMap<string, number> {
  const failuresOn = writable(job.failuresOn, moment);
  const count = (failuresOn.get(nodeId) ?? 0) + 1;
  failuresOn.delete(nodeId);
  failuresOn.set(nodeId, count);
  const [oldest] = failuresOn.keys();
  if (failuresOn.size > jobLimits.failingNodesMax && oldest !== undefined) failuresOn.delete(oldest);
  return failuresOn;
}

type Patch<T extends MoveEvent["type"]> = (data: Data<T>) => Partial<Execution>;

/** The changes of each event to an execution, beside its state. A state's deadline ends with the state. */
const patches: { readonly [T in MoveEvent["type"]]: Patch<T> } = {
  ExecutionStarted: ({ startedAt, timeoutAt }) => ({ startedAt, deadlineAt: timeoutAt }),
  ExecutionPublishing: ({ publishBy }) => ({ deadlineAt: publishBy }),
  ExecutionCompleted: ({ output, result, retryAt }) => ({ output, result, retryAt, deadlineAt: undefined }),
  ExecutionFailed: ({ code, why, output, retryAt }) => ({
    code,
    message: why,
    output,
    retryAt,
    deadlineAt: undefined,
  }),
  ExecutionsStopping: ({ why, until }) => ({ message: why, deadlineAt: until }),
  ExecutionsLost: ({ code, why, retryAt }) => ({ code, message: why, retryAt, deadlineAt: undefined }),
  ExecutionStopped: ({ retryAt }) => ({ retryAt, deadlineAt: undefined }),
};

function patchOf(event: MoveEvent): Partial<Execution> {
  const patch = patches[event.type] as Patch<MoveEvent["type"]>;
  const report = "report" in event.data && event.data.report !== undefined ? { report: event.data.report } : {};
  return { ...patch(event.data as never), ...report };
}

function touched(execution: Execution, patch: Partial<Execution>, { at, seq }: Moment): Execution {
  return { ...execution, ...patch, revision: execution.revision + 1, modifiedAt: at, seq };
}
