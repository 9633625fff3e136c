import type { JobSpec } from "@shoal/proto";

/** Defaults of jobs that do not set the field; 0 sets none. */
export interface JobDefaults {
  readonly executionTimeoutMs: number;
}

const noDefaults: JobDefaults = { executionTimeoutMs: 0 };

const ends: readonly JobSpec["type"][] = ["batch", "ops"];

/**
 * The spec with the defaults of this cluster, as it is written to the log, so that every reader of the job sees its
 * timeout. Jobs that run until they are stopped (service, daemon) get none.
 */
export function withDefaults(given: JobSpec, { executionTimeoutMs }: JobDefaults = noDefaults): JobSpec {
  // They run on nodes, not on a number of them: Bacalhau shows 0 too.
  const spec = given.type === "ops" || given.type === "daemon" ? { ...given, count: 0 } : given;
  if (executionTimeoutMs === 0 || !ends.includes(spec.type)) return spec;
  const tasks = spec.tasks.map((task) => {
    const { executionTimeout, totalTimeout } = task.timeouts;
    // A job with a total timeout needs no other.
    if (executionTimeout > 0 || totalTimeout > 0) return task;
    return { ...task, timeouts: { ...task.timeouts, executionTimeout: Math.ceil(executionTimeoutMs / 1000) } };
  });
  return { ...spec, tasks };
}
