import { z } from "zod";
import { Task } from "./job/spec.ts";
import { AllocatedResources } from "./resources.ts";

/** What a node should run. The node works while the entry exists; the entry is removed once the execution is settled. */
export const Assignment = z.object({
  executionId: z.string(),
  jobId: z.string(),
  namespace: z.string(),
  jobType: z.string(),
  version: z.int(),
  /** Of the version of the job for which it was created. */
  priority: z.int().default(0),
  nodeId: z.string(),
  /** The ask whose hold this uses. */
  askId: z.string(),
  /** The job's slot: a partition's number, or the id of the node that it is pinned to. */
  slot: z.string(),
  /** `stop`: the node ends the execution and reports `stopped`; the entry is removed once that is recorded. */
  desired: z.enum(["run", "stop"]),
  /** The longest that inputs and images may take before the task starts, milliseconds; 0 leaves it to the node's own limits. */
  prepareTimeoutMs: z.number().min(0),
  /** The longest that publishing the results may take, milliseconds; 0 leaves it to the node's own limit. */
  publishTimeoutMs: z.number().min(0),
  partition: z.object({ index: z.int().min(0), count: z.int().min(1) }),
  attempt: z.int().min(1),
  task: Task,
  resources: AllocatedResources,
  /** The longest it may run once started, milliseconds; 0 means no limit. */
  timeoutMs: z.number().min(0),
  /** When it was decided, by the clock of the requester that decided; milliseconds since the epoch. */
  assignedAt: z.number(),
  /** The log position of the decision, which guards writes of the entry. */
  seq: z.number(),
});
export type Assignment = z.infer<typeof Assignment>;
