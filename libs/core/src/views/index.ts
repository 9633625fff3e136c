import { isSettledJob, type Job } from "../job/job.ts";
import type { ClusterNode } from "../node/node.ts";
import { assignments } from "./assignments.ts";
import { jobs } from "./jobs.ts";
import { nodes } from "./nodes.ts";
import { openView } from "./open.ts";

const openJobs = openView<Job>({
  isSettled: isSettledJob,
  refOf: ({ header }) => ({ kind: "job", namespace: header.spec.namespace, id: header.id }),
  openedSeq: (job) => job.openedSeq,
});

const openNodes = openView<ClusterNode>({
  isSettled: ({ state }) => state === "forgotten",
  refOf: ({ info }) => ({ kind: "node", namespace: "", id: info.nodeId }),
  openedSeq: (node) => node.openedSeq,
});

/** The views of a job. Assignments first: a node waits for them. */
export const jobViews = [assignments, openJobs, jobs] as const;

/** The views of a node. */
export const nodeViews = [openNodes, nodes] as const;
