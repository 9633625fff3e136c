import { type ExecutionEntity, shortId } from "@shoal/proto";
import { stateColour } from "./states.ts";
import type { Column } from "./table.ts";
import { ago } from "./times.ts";

/** The columns of a list of executions. */
export function executionColumns(now: number, colours: boolean): readonly Column<ExecutionEntity>[] {
  const paint = stateColour(colours);
  return [
    { title: "CREATED", of: (one) => ago(one.createTime, now) },
    { title: "MODIFIED", of: (one) => ago(one.modifyTime, now) },
    { title: "ID", of: (one) => shortId(one.id) },
    { title: "JOB-VERSION", of: (one) => String(one.jobVersion) },
    { title: "NODE ID", of: (one) => shortId(one.nodeId) },
    { title: "PART.", of: (one) => String(one.partitionIndex) },
    { title: "REV.", of: (one) => String(one.revision) },
    { title: "STATE", of: (one) => paint(one.computeState.stateType) },
    { title: "DESIRED", of: (one) => one.desiredState.stateType },
    { title: "COMMENT", of: (one) => one.computeState.message || one.desiredState.message },
  ];
}
