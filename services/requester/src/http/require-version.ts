import { Fault } from "@shoal/core";
import type { JobEntity } from "@shoal/proto";

/** Refuses a version that the job does not have; 0 means the latest. Throws Fault JOB_NOT_FOUND. */
export function requireVersion(job: Pick<JobEntity, "id" | "version">, version: number): void {
  if (version > job.version) throw new Fault("JOB_NOT_FOUND", `job version ${version} not found for job ${job.id}`);
}
