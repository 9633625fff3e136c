import { isLive, type Job, latestOf } from "../job.ts";
import { type RetryDefaults, retriedAt } from "../retries.ts";
import { deadlineDefaults } from "./deadline-defaults.ts";
import type { EndedExecution, JobType, JobVerdict } from "./job-type.ts";
import { pinnedSlot } from "./pinned-slots.ts";

/** Each node has one attempt, as in Bacalhau; a retry policy allows more. */
const opsRetries: RetryDefaults = { failuresMax: 1, attemptsMax: 20, backoff: { firstMs: 1000, maxMs: 60_000 } };

/** One execution on every node that fits when the job is submitted; it ends when all of them have ended. */
export const ops: JobType = {
  name: "ops",
  defaults: deadlineDefaults,
  isTargeted: true,
  slots: ({ targets = [] }) => targets.map(pinnedSlot),
  slotOf: ({ targets = [] }, slot) => (targets.includes(slot) ? pinnedSlot(slot) : undefined),
  placeAgainAt,
  verdict,
};

function placeAgainAt(job: Job, ended: EndedExecution): number | undefined {
  const { state, now, code, execution } = ended;
  if (state === "completed") return undefined;
  // The work belongs to this node: it does not move to another one when the node drains, and a lost node may never return.
  if (state === "stopped") return execution.placement.version < job.header.version ? now : undefined;
  return code === "NODE_LOST" ? undefined : retriedAt(job, ended, opsRetries);
}

function verdict(job: Job): JobVerdict | undefined {
  const { targets, header } = job;
  if (targets === undefined) return undefined;
  let first: { readonly nodeId: string; readonly code: string; readonly why: string } | undefined;
  for (const nodeId of targets) {
    const execution = latestOf(job, nodeId);
    if (execution === undefined || isLive(execution) || execution.placement.version < header.version) return undefined;
    if (execution.state === "completed") continue;
    if (execution.retryAt !== undefined) return undefined;
    first ??= { nodeId, code: execution.code || "STOPPED", why: execution.message };
  }
  if (first === undefined) return { completed: true };
  const { nodeId, code, why } = first;
  return { completed: false, code, why: `Job failed because one or more executions failed. ${nodeId}: ${why}` };
}
