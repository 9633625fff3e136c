import { Fault, hostVariableOf } from "@shoal/core";
import type { Assignment } from "@shoal/proto";

/** What every task finds in its environment, under both prefixes, so that images made for Bacalhau run as they are. */
const injected: Readonly<Record<string, (assignment: Assignment) => string>> = {
  EXECUTION_ID: ({ executionId }) => executionId,
  JOB_ID: ({ jobId }) => jobId,
  JOB_TYPE: ({ jobType }) => jobType,
  PARTITION_INDEX: ({ partition }) => String(partition.index),
  PARTITION_COUNT: ({ partition }) => String(partition.count),
};
const injectedByUs: typeof injected = {
  ATTEMPT: ({ attempt }) => String(attempt),
  NODE_ID: ({ nodeId }) => nodeId,
  SLOT: ({ slot }) => slot,
};

const variables: readonly (readonly [name: string, value: (assignment: Assignment) => string])[] = [
  ...Object.entries(injected).flatMap(([name, value]) => [
    [`BACALHAU_${name}`, value] as const,
    [`SHOAL_${name}`, value] as const,
  ]),
  ...Object.entries(injectedByUs).map(([name, value]) => [`SHOAL_${name}`, value] as const),
];

/** The environment of a task. Throws Fault TASK_INVALID when it wants a host variable that it may not read. */
export function environmentOf(
  assignment: Assignment,
  hostVariable: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(assignment.task.env))
    environment[name] = resolve(name, value, hostVariable);
  for (const [name, value] of variables) environment[name] = value(assignment);
  return environment;
}

function resolve(name: string, value: string, hostVariable: (name: string) => string | undefined): string {
  const desired = hostVariableOf(value);
  if (desired === undefined) return value;
  const found = hostVariable(desired);
  if (found !== undefined) return found;
  throw new Fault("TASK_INVALID", `${name} wants the node's variable ${desired}, which is not set or not allowed here`);
}
