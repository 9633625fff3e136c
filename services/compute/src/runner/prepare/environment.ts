import { Fault, hostVariableOf } from "@shoal/core";
import { type Assignment, isSecretReference, type PublishedPort } from "@shoal/proto";

/** The variables that every task gets, under both prefixes, so that images made for Bacalhau run unchanged. */
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

/** The environment of a task, without the values of secrets. Throws Fault TASK_INVALID when it references a host variable that it may not read. */
export function environmentOf(
  assignment: Assignment,
  hostVariable: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(assignment.task.env))
    if (!isSecretReference(value)) environment[name] = resolve(name, value, hostVariable);
  for (const [name, value] of variables) environment[name] = value(assignment);
  return environment;
}

/**
 * The variables for the ports of a task: the port on which it listens, and the node's, as Bacalhau names them and under
 * our prefix.
 */
export function portVariables(ports: readonly PublishedPort[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ports.flatMap(({ name, hostPort, target = hostPort }) =>
      ["BACALHAU", "SHOAL"].flatMap((prefix) => [
        [`${prefix}_PORT_${name}`, String(target)],
        [`${prefix}_HOST_PORT_${name}`, String(hostPort)],
      ]),
    ),
  );
}

function resolve(name: string, value: string, hostVariable: (name: string) => string | undefined): string {
  const hostName = hostVariableOf(value);
  if (hostName === undefined) return value;
  const found = hostVariable(hostName);
  if (found !== undefined) return found;
  throw new Fault(
    "TASK_INVALID",
    `${name} references the host variable ${hostName}, which is not set or not allowed on this node`,
  );
}
