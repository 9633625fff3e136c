import { type Assignment, buckets } from "@shoal/proto";
import { Bug } from "../fault.ts";
import { type Job, liveExecutions } from "../job/job.ts";
import { jobTypes } from "../job/job-types/index.ts";
import type { View } from "./view.ts";

/** What each node should be doing, under `<nodeId>.<executionId>`. Gone means settled. */
export const assignments: View<Job> = {
  bucket: buckets.assignments,
  pace: "at once",
  *parts(job) {
    for (const { placement } of liveExecutions(job)) {
      yield { key: `${placement.nodeId}.${placement.executionId}`, of: placement, seq: placement.seq };
    }
  },
  render({ key }, job) {
    const { header, executions } = job;
    const execution = executions.get(key.slice(key.indexOf(".") + 1));
    const task = header.spec.tasks[0];
    if (execution === undefined || task === undefined) throw new Bug(`${key} is no assignment of its job`);
    const { executionId, nodeId, askId, attempt, version, partition, resources, createdAt } = execution.placement;
    return {
      executionId,
      jobId: header.id,
      namespace: header.spec.namespace,
      jobType: header.spec.type,
      version,
      nodeId,
      askId,
      partition: { index: partition, count: jobTypes.get(header.spec.type).partitions(job) },
      attempt,
      task,
      resources,
      timeoutMs: (task.timeouts.executionTimeout || task.timeouts.totalTimeout) * 1000,
      // The time of the commit, not of the write: a rebuilt entry has the same bytes.
      assignedAt: createdAt,
    } satisfies Omit<Assignment, "seq">;
  },
};
