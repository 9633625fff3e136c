import { registry } from "../../registry.ts";
import { batch } from "./batch.ts";
import { daemon } from "./daemon.ts";
import type { JobType, JobTypes } from "./job-type.ts";
import { ops } from "./ops.ts";
import { service } from "./service.ts";

/** Every job type that this version runs. */
export const jobTypes: JobTypes = registry<JobType>("job type", [batch, service, ops, daemon]);
