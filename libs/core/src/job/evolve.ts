import {
  type ExecutionEvent,
  executionMachine,
  type JobLevelEvent,
  jobMachine,
  next,
  standingTypes,
} from "@shoal/proto";
import { ChunkedMap } from "../chunked-map.ts";
import type { Moment } from "../decider.ts";
import { executionsChanged } from "./evolve-executions.ts";
import type { Job, JobHeader } from "./job.ts";
import { jobLimits } from "./limits.ts";

/** Every event of a job's history: its own and those of its executions. */
export type JobEvent = JobLevelEvent | ExecutionEvent;
type Data<T extends JobEvent["type"]> = Extract<JobEvent, { type: T }>["data"];

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
    rollout: undefined,
    targets: undefined,
    live: new ChunkedMap(),
    ended: new ChunkedMap(),
    superseded: new Map(),
    evicted: new Map(),
    slots: new ChunkedMap(),
    failuresOn: new Map(),
    waitNote: undefined,
    assignedCount: 0,
    seq,
  };
}

function headerChanged(
  job: Job,
  event: Exclude<JobLevelEvent, { type: "JobSubmitted" }>,
  moment: Moment,
): Job | undefined {
  const { at, seq } = moment;
  const state = next(jobMachine, job.header.state, event.type);
  if (state === undefined) return undefined;
  if (event.type === "JobUpdated") return updated(job, event.data, moment);
  if (event.type === "JobTargeted") return { ...job, targets: event.data.nodes };
  if (event.type === "JobRolledOut") return { ...job, rollout: undefined };
  if (event.type === "JobRolloutHalted") return halted(job, event.data, moment);
  const isWait = event.type === "JobQueued" || event.type === "SlotsQueued";
  const noted = isWait ? { ...job, waitNote: { why: event.data.why, at } } : job;
  // Slots that wait beside running ones are a note, not a change of the job.
  if (event.type === "SlotsQueued") return noted;
  const { revision } = job.header;
  const data: { readonly why?: string; readonly code?: string } = event.data;
  const patch = { message: data.why ?? "", code: data.code ?? "", state };
  return { ...noted, header: { ...job.header, ...patch, revision: revision + 1, modifiedAt: at, seq } };
}

/** A new current version. Executions of earlier ones continue until they are replaced. */
function updated(job: Job, data: Data<"JobUpdated">, { at, seq }: Moment): Job | undefined {
  const { spec, version, why, failed, queueUntil, totalUntil } = data;
  const { header } = job;
  if (version !== header.version + 1) return undefined;
  const versions = new Map(job.versions).set(version, { version, spec, at });
  const inUse = new Set([...job.live.values()].map(({ placement }) => placement.version));
  for (const old of versions.keys()) {
    if (versions.size <= jobLimits.versionsStored) break;
    if (old !== version && !inUse.has(old)) versions.delete(old);
  }
  const isServing = [...job.live.values()].some((execution) => execution.state !== "stopping");
  const isRolling = standingTypes.includes(spec.type) && isServing;
  // A version that was never rolled out is not worth restoring.
  const from = job.rollout?.from ?? header.version;
  return {
    ...job,
    header: {
      ...header,
      ...{ spec, version, state: "pending", message: why, code: "", queueUntil, totalUntil, seq },
      revision: header.revision + 1,
      modifiedAt: at,
    },
    versions,
    rollout: isRolling ? { from, restored: failed === undefined ? undefined : data.of, isHalted: false } : undefined,
    targets: undefined,
    failuresOn: new Map(),
    waitNote: undefined,
  };
}

function halted(job: Job, { code, why }: Data<"JobRolloutHalted">, { at, seq }: Moment): Job {
  const { header, rollout } = job;
  return {
    ...job,
    rollout: rollout && { ...rollout, isHalted: true },
    header: { ...header, message: why, code, revision: header.revision + 1, modifiedAt: at, seq },
  };
}
