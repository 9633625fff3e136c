import { assignments } from "./assignments.ts";
import { executions } from "./executions.ts";
import { jobs } from "./jobs.ts";
import { nodes } from "./nodes.ts";

/** The views of a job. Assignments first: a node waits for them, nobody waits for the others. */
export const jobViews = [assignments, jobs, executions] as const;

/** The views of a node. */
export const nodeViews = [nodes] as const;
