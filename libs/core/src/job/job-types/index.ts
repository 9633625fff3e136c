import { registry } from "../../registry.ts";
import { batch } from "./batch.ts";
import type { JobType, JobTypes } from "./job-type.ts";

/** Every job type that this version runs. */
export const jobTypes: JobTypes = registry<JobType>("job type", [batch]);
