import { type Assignment, buckets } from "@shoal/proto";
import { mayDiffer } from "../chunked-map.ts";
import { Bug } from "../fault.ts";
import { type Job, specOf } from "../job/job.ts";
import { deadlineDefaults } from "../job/job-types/deadline-defaults.ts";
import { jobTypes } from "../job/job-types/index.ts";
import type { View } from "./view.ts";

/** What each node should run; present while the execution occupies the node. */
export const assignments: View<Job> = {
  bucket: { name: buckets.assignments, keys: "<nodeId>.<executionId>" },
  pace: "at once",
  *parts(job, other) {
    for (const [id, execution] of mayDiffer(job.live, other?.live)) {
      if (other?.live.get(id) === execution) continue;
      const { placement } = execution;
      const key = `${placement.nodeId}.${placement.executionId}`;
      // An assignment changes once: when the execution is to stop.
      const of = execution.state === "stopping" ? execution : placement;
      yield { key, of, seq: of.seq };
    }
  },
  sourceOf: (_, { jobId, namespace = "*" }) =>
    typeof jobId === "string" && typeof namespace === "string" ? { namespace, id: jobId } : undefined,
  render({ key }, job) {
    const execution = job.live.get(key.slice(key.indexOf(".") + 1));
    if (execution === undefined) throw new Bug(`${key} is not an assignment of its job`);
    const { executionId, nodeId, askId, attempt, version, slot, isPinned, partition, resources, createdAt } =
      execution.placement;
    // Of the version for which it was created: a later one does not change a running execution.
    const spec = specOf(job, execution.placement);
    const [task] = spec.tasks;
    if (task === undefined) throw new Bug(`${job.header.id} has no task`);
    const { prepareTimeoutMs, publishTimeoutMs } = jobTypes.has(spec.type)
      ? jobTypes.get(spec.type).defaults
      : deadlineDefaults;
    return {
      executionId,
      jobId: job.header.id,
      namespace: spec.namespace,
      jobType: spec.type,
      version,
      priority: spec.priority,
      nodeId,
      askId,
      slot,
      desired: execution.state === "stopping" ? "stop" : "run",
      partition: { index: partition, count: isPinned ? 1 : Math.max(spec.count, partition + 1) },
      attempt,
      task,
      resources,
      prepareTimeoutMs,
      timeoutMs: (task.timeouts.executionTimeout || task.timeouts.totalTimeout) * 1000,
      publishTimeoutMs,
      // The time of the commit, not of the write: a rebuilt entry has the same bytes.
      assignedAt: createdAt,
    } satisfies Omit<Assignment, "seq">;
  },
};
