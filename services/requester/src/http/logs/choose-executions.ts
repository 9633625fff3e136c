import { executionsOf, Fault, type Job } from "@shoal/core";

/**
 * The executions whose output is requested: the one of this id (full, or its beginning), else all. Throws Fault
 * EXECUTION_NOT_FOUND.
 */
export function chooseExecutions(job: Job, called: string | undefined): readonly string[] {
  const all = executionsOf(job).map(({ placement }) => placement.executionId);
  if (called === undefined || all.includes(called)) return called === undefined ? all : [called];
  const begun = all.filter((id) => id.startsWith(called));
  if (begun.length === 1) return begun;
  const { id, spec } = job.header;
  const found = begun.length === 0 ? "no execution" : `${begun.length} executions`;
  throw new Fault(
    "EXECUTION_NOT_FOUND",
    `execution not found: ${called} (${found} of job ${spec.name || id} with this prefix)`,
  );
}
