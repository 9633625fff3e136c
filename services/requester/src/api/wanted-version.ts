import { Fault, type Job } from "@shoal/core";

/** Refuses a version that the job never had; 0 means the latest. Throws Fault JOB_NOT_FOUND. */
export function mustHaveVersion(job: Job, version: number): void {
  if (version > job.header.version)
    throw new Fault("JOB_NOT_FOUND", `job version ${version} not found for job ${job.header.id}`);
}
