import type { Job, JobCommand, JobEvent } from "@shoal/core";
import type { Desk } from "./desk.ts";

/** The desk of a job. */
export type JobDesk = Desk<Job, JobCommand, JobEvent>;
