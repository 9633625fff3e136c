import {
  type ExecutionEvent,
  type ExecutionState,
  executionMachine,
  next,
  preparationText,
  type SlotSet,
  slotsIn,
} from "@shoal/proto";
import { type Moment, writable } from "../decider.ts";
import { type Execution, executionOf, isLive, isOver, type Job, latestOf, type SlotState } from "./job.ts";
import { jobLimits } from "./limits.ts";
import { countsAgainstTask } from "./task-failure.ts";

type FactsOf<T extends ExecutionEvent["type"]> = Extract<ExecutionEvent, { type: T }>["data"];
type MoveEvent = Exclude<ExecutionEvent, { type: "ExecutionAssigned" }>;

/** The job after an event of its executions; undefined when the machine does not allow it. */
export function executionsChanged(job: Job, event: ExecutionEvent, moment: Moment): Job | undefined {
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

function assigned(job: Job, data: FactsOf<"ExecutionAssigned">, moment: Moment): Job | undefined {
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
    runtime: undefined,
    deadlineAt: data.startBy,
    lostAt: undefined,
    retryAt: undefined,
    output: undefined,
    result: undefined,
    next: undefined,
    report: 0,
    revision: 1,
    modifiedAt: at,
    seq,
  });
  // Each version begins with no failures.
  const counts = latestOf(job, slot)?.placement.version === data.version ? before : undefined;
  const slots = writable(job.slots, moment).set(slot, {
    latest: executionId,
    isLive: true,
    attempts: data.attempt,
    failures: counts?.failures ?? 0,
    ends: counts?.ends ?? 0,
    shortRuns: counts?.shortRuns ?? 0,
    retryAt: undefined,
  });
  const waitNote = job.waitNote && { ...job.waitNote, why: "" };
  const after = { ...job, live, slots, assignedCount: ordinal, waitNote };
  return before === undefined ? after : supersede(after, { id: before.latest, by: executionId }, moment);
}

function placementOf(
  data: FactsOf<"ExecutionAssigned">,
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
  const isCounted = isBad(state) && after.placement.version === job.header.version;
  const failuresOn = isCounted ? failedOn(job, nodeId, moment) : job.failuresOn;
  return { ...job, live, ended, slots: slots ?? job.slots, failuresOn };
}

const isBad = (state: ExecutionState): boolean => state === "failed" || state === "lost";

function endedSlot(slot: SlotState, execution: Execution): SlotState {
  const { state, code, retryAt, startedAt, modifiedAt } = execution;
  // A task that is retried after it has completed was to run until it is stopped.
  const isFailure = state === "completed" ? retryAt !== undefined : isBad(state) && countsAgainstTask(code);
  const isStable = startedAt !== undefined && modifiedAt - startedAt >= jobLimits.stableRunMs;
  const shortRuns = state === "stopped" || isStable ? 0 : slot.shortRuns + 1;
  return {
    ...slot,
    isLive: false,
    failures: slot.failures + (isFailure ? 1 : 0),
    ends: slot.ends + (state === "stopped" ? 0 : 1),
    shortRuns,
    retryAt,
  };
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

type Patch<T extends MoveEvent["type"]> = (data: FactsOf<T>) => Partial<Execution>;

/** The changes of each event to an execution, beside its state. A state's deadline ends with the state. */
const patches: { readonly [T in MoveEvent["type"]]: Patch<T> } = {
  ExecutionPreparing: (preparation) => ({ message: preparationText(preparation) }),
  ExecutionStarted: ({ startedAt, timeoutAt, runtime }) => ({ message: "", startedAt, deadlineAt: timeoutAt, runtime }),
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
  ExecutionsDisconnected: ({ why, until }) => ({ message: why, lostAt: until }),
  ExecutionsReconnected: () => ({ message: "", lostAt: undefined }),
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
