import { type ExecutionEntity, type ExecutionState, type JobEntity, runtimeDetails } from "@shoal/proto";
import { type Execution, executionsOf, type Job, specOf } from "./job.ts";

/** A job as the API shows it. */
export function jobEntity({ header, rollout }: Pick<Job, "header" | "rollout">): JobEntity {
  const { id, spec, state, message, code, version, revision, createdAt, modifiedAt } = header;
  return {
    id,
    ...spec,
    name: spec.name === "" ? id : spec.name,
    state: {
      stateType: state,
      message,
      details: {
        ...(code === "" ? {} : { ErrorCode: code }),
        ...(rollout === undefined ? {} : { Rollout: rollout.isHalted ? "halted" : "rolling" }),
      },
    },
    version,
    revision,
    createTime: createdAt,
    modifyTime: modifiedAt,
  };
}

/** The stored versions of a job, oldest first. Each but the current one has the spec and the time of its version. */
export function versionEntities(job: Job): readonly JobEntity[] {
  const entity = jobEntity(job);
  return [...job.versions.values()].map(({ version, spec, at }) => {
    if (version === entity.version) return { ...entity, createTime: at };
    return { ...entity, ...jobEntity({ header: { ...job.header, spec, version, createdAt: at }, rollout: undefined }) };
  });
}

/** The desired state of an execution in each state, as the API shows it. */
const desired = {
  assigned: "running",
  running: "running",
  publishing: "running",
  stopping: "stopped",
  completed: "running",
  failed: "stopped",
  lost: "stopped",
  stopped: "stopped",
} as const satisfies Record<ExecutionState, string>;

/** An execution as the API shows it. */
export function executionEntity(job: Job, execution: Execution): ExecutionEntity {
  const spec = specOf(job, execution.placement);
  const { placement, state, message, code } = execution;
  const details = { ...(code === "" ? {} : { ErrorCode: code }), ...runtimeDetails(execution.runtime) };
  const task = spec.tasks[0]?.name ?? "main";
  return {
    id: placement.executionId,
    namespace: spec.namespace,
    evalId: placement.askId,
    name: "",
    nodeId: placement.nodeId,
    jobId: job.header.id,
    jobVersion: placement.version,
    allocatedResources: { tasks: { [task]: placement.resources } },
    desiredState: { stateType: desired[state], message: desired[state] === "stopped" ? message : "", details: {} },
    computeState: { stateType: state, message, details },
    publishedResult: execution.result ?? { type: "", params: {} },
    ...(execution.output === undefined ? {} : { runOutput: execution.output }),
    previousExecution: placement.previous ?? "",
    nextExecution: execution.next ?? "",
    followupEvalId: "",
    partitionIndex: placement.partition,
    attempt: placement.attempt,
    revision: execution.revision,
    createTime: placement.createdAt,
    modifyTime: execution.modifiedAt,
  };
}

/** The stored executions of a job, in the order in which they were assigned. */
export function executionEntities(job: Job): readonly ExecutionEntity[] {
  return executionsOf(job).map((execution) => executionEntity(job, execution));
}
