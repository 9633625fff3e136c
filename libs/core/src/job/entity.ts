import type { ExecutionEntity, ExecutionState, JobEntity } from "@shoal/proto";
import type { Execution, Job, JobHeader } from "./job.ts";

/** A job as the API shows it. */
export function jobEntity({ header }: { readonly header: JobHeader }): JobEntity {
  const { id, spec, state, message, code, version, revision, createdAt, modifiedAt } = header;
  return {
    id,
    ...spec,
    name: spec.name === "" ? id : spec.name,
    state: { stateType: state, message, details: code === "" ? {} : { ErrorCode: code } },
    version,
    revision,
    createTime: createdAt,
    modifyTime: modifiedAt,
  };
}

/** What the requester wants of an execution in each state. */
const desired = {
  assigned: "running",
  running: "running",
  publishing: "running",
  completed: "running",
  failed: "stopped",
  lost: "stopped",
  stopped: "stopped",
} as const satisfies Record<ExecutionState, string>;

/** An execution as the API shows it. */
export function executionEntity({ id: jobId, spec }: JobHeader, execution: Execution): ExecutionEntity {
  const { placement, state, message, code } = execution;
  const details: Record<string, string> = code === "" ? {} : { ErrorCode: code };
  const task = spec.tasks[0]?.name ?? "main";
  return {
    id: placement.executionId,
    namespace: spec.namespace,
    evalId: placement.askId,
    name: "",
    nodeId: placement.nodeId,
    jobId,
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

/** All executions of a job, in the order in which they were assigned. */
export function executionEntities(job: Job): readonly ExecutionEntity[] {
  return [...job.executions.values()].map((execution) => executionEntity(job.header, execution));
}
