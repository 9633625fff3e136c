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
  /** How often executions of this job have ended badly on each node. */
  readonly failuresOn: ReadonlyMap<string, number>;
}

/** What a task gets when it does not say (Bacalhau's defaults for batch and ops jobs). */
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

/** How often executions of the job have ended badly on each node. */
export function failuresOf(job: Job): ReadonlyMap<string, number> {
  return job.failuresOn;
}
