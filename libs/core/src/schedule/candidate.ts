import {
  type NodeInfo,
  parseBytes,
  parseCpu,
  parseGpu,
  type Requirements,
  type Resources,
  type ResourcesSpec,
} from "@shoal/proto";
import type { Job } from "../job/job.ts";

/** A job and a node that may fit each other. */
export interface Candidate {
  readonly requirements: Requirements;
  readonly info: NodeInfo;
}

/** A candidate that fits, for rankers. */
export interface RankedCandidate extends Candidate {
  /** The number of failed or lost executions of this job on each node. */
  readonly failuresOn: ReadonlyMap<string, number>;
}

/** The resources of a task that names none (Bacalhau's defaults for batch and ops jobs). */
export const defaultResources: Resources = { cpuCores: 0.5, memoryBytes: 512e6, diskBytes: 0, gpus: 0 };

/** A task's resources in numbers; an empty or unreadable one becomes the default. */
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

/** The number of failed or lost executions of the job on each node. */
export function failuresOf(job: Job): ReadonlyMap<string, number> {
  return job.failuresOn;
}
