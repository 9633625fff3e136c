import type { JobSpec } from "@shoal/proto";

/** What a job gets that does not say it; 0 leaves it without. */
export interface JobDefaults {
  readonly executionTimeoutMs: number;
}

const noDefaults: JobDefaults = { executionTimeoutMs: 0 };

const ends: readonly JobSpec["type"][] = ["batch", "ops"];

/**
 * The spec with the defaults of this cluster, as it goes into the log: readers of the job see by what it ends. Jobs that run until they are stopped (service, daemon) keep no time.
 */
export function withDefaults(spec: JobSpec, { executionTimeoutMs }: JobDefaults = noDefaults): JobSpec {
  if (executionTimeoutMs === 0 || !ends.includes(spec.type)) return spec;
  const tasks = spec.tasks.map((task) => {
    const { executionTimeout, totalTimeout } = task.timeouts;
    // A job with a total timeout ends by that.
    if (executionTimeout > 0 || totalTimeout > 0) return task;
    return { ...task, timeouts: { ...task.timeouts, executionTimeout: Math.ceil(executionTimeoutMs / 1000) } };
  });
  return { ...spec, tasks };
}
