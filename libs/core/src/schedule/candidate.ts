import {
  type Constraint,
  type NodeInfo,
  parseBytes,
  parseCpu,
  parseGpu,
  type Resources,
  type ResourcesSpec,
  type Task,
} from "@shoal/proto";
import type { Job } from "../job/job.ts";

/** What a job looks for in a node. */
export interface Wanted {
  readonly task: Task;
  readonly constraints: readonly Constraint[];
  /** For one partition. */
  readonly resources: Resources;
  /** How often executions of this job have ended badly on each node. */
  readonly failuresOn: ReadonlyMap<string, number>;
}

/** A job and a node that may fit each other. */
export interface Candidate {
  readonly wanted: Wanted;
  readonly info: NodeInfo;
}

/** What a task gets when it does not say (the field's defaults for batch and ops jobs). */
export const defaultResources: Resources = { cpuCores: 0.5, memoryBytes: 512e6, diskBytes: 0, gpus: 0 };

/** A task's resources in numbers; what is empty or unreadable becomes the default. */
export function resourcesOf(spec: ResourcesSpec): Resources {
  const read = (text: string, parse: typeof parseCpu, fallback: number) => {
    const parsed = text === "" ? undefined : parse(text);
    return parsed?.ok === true ? parsed.value : fallback;
  };
  return {
    cpuCores: read(spec.cpu, parseCpu, defaultResources.cpuCores),
    memoryBytes: read(spec.memory, parseBytes, defaultResources.memoryBytes),
    diskBytes: read(spec.disk, parseBytes, defaultResources.diskBytes),
    gpus: read(spec.gpu, parseGpu, defaultResources.gpus),
  };
}

/** What a job as it stands looks for; undefined when it has no task. */
export function wantedBy(job: Job): Wanted | undefined {
  const task = job.header.spec.tasks[0];
  if (task === undefined) return undefined;
  return {
    task,
    constraints: job.header.spec.constraints,
    resources: resourcesOf(task.resources),
    failuresOn: job.failuresOn,
  };
}
