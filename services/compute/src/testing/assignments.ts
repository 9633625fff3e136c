import { requirementsOf } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { type Ask, Assignment, executionIdOf, JobSpec, type Task } from "@shoal/proto";
import type { z } from "zod";

/** The properties in which test assignments differ. */
export interface AssignmentOverrides extends Partial<Omit<Assignment, "task">> {
  readonly task?: z.input<typeof Task>;
}

export const testNodeId = "n-one";

/** Half a core and half a GiB. */
export const testResources = { cpuCores: 0.5, memoryBytes: 2 ** 29, diskBytes: 0, gpus: 0 };

/** A no-op, assigned to the test node. */
export function assignmentOf({ task, ...preferences }: AssignmentOverrides = {}): Assignment {
  const jobId = preferences.jobId ?? "j-5a3b1c9e-0000-8000-8000-000000000001";
  const partition = preferences.partition ?? { index: 0, count: 1 };
  const attempt = preferences.attempt ?? 1;
  return Assignment.parse({
    executionId: executionIdOf({ jobId, version: 1, slot: `${partition.index}`, attempt }),
    jobId,
    namespace: "default",
    jobType: "batch",
    version: 1,
    nodeId: testNodeId,
    askId: "a-1",
    slot: String(partition.index),
    desired: "run",
    prepareTimeoutMs: 0,
    publishTimeoutMs: 0,
    partition,
    attempt,
    task: { engine: { type: "noop" }, ...task },
    resources: testResources,
    timeoutMs: 0,
    // The harness starts at the start time of the manual clock; a node with another name runs on a real server, in real
    // time.
    assignedAt: preferences.nodeId === undefined ? createManualClock().now() : Date.now(),
    seq: 1,
    ...preferences,
  });
}

/** The properties in which test asks differ. */
interface AskOverrides extends Partial<Omit<Ask, "requirements">> {
  readonly task?: z.input<typeof Task>;
  readonly constraints?: Ask["requirements"]["constraints"];
  readonly resources?: Ask["requirements"]["resources"];
}

/** An ask for a no-op. */
export function askOf({ task, constraints = [], resources = testResources, ...preferences }: AskOverrides = {}): Ask {
  const spec = JobSpec.parse({ type: "batch", constraints, tasks: [{ engine: { type: "noop" }, ...task }] });
  const requirements = requirementsOf(spec);
  if (requirements === undefined) throw new Error("a job has a task");
  return {
    askId: "a-1",
    jobId: "j-1",
    namespace: "default",
    jobType: "batch",
    priority: 0,
    slots: 1,
    ...preferences,
    requirements: { ...requirements, resources },
  };
}
