import { assignments } from "./assignments.ts";
import { jobs } from "./jobs.ts";
import { nodes } from "./nodes.ts";
import { secrets } from "./secrets.ts";

/** The views of a job. Assignments first: a node waits for them. */
export const jobViews = [assignments, jobs] as const;

/** The views of a node. */
export const nodeViews = [nodes] as const;

/** The views of a secret. */
export const secretViews = [secrets] as const;
