import { assignmentView, causeOf, entries, entryOf, executionOf, foldJob, isLive, type Job } from "@shoal/core";
import { tokenProblem } from "@shoal/proto";
import type { RequesterPorts } from "../../ports.ts";

/** An execution that a node has, or that the bucket of assignments contains. */
export interface AssignmentClaim {
  readonly nodeId: string;
  readonly executionId: string;
  readonly jobId: string;
  readonly namespace: string;
  /** Its assignment exists. A missing one is rewritten when the execution is live. */
  readonly isAssigned: boolean;
}

/** The state of an execution in the log. */
export interface ClaimVerdict {
  /** It is live and placed on the node. */
  readonly holds: boolean;
  /** The number of the last report that is recorded; 0 for none. */
  readonly recordedUpTo: number;
}

export type CheckPorts = Pick<RequesterPorts, "log" | "views" | "logger">;

/** A job as the log has it, with the position of its last commit. */
interface Logged {
  readonly job: Job | undefined;
  readonly seq: number;
}

/**
 * Compares claims with the log, corrects the bucket, and returns for each execution whether it is live and placed on
 * its node. Every job is read from the log, also by its owner: an owner that was suspended does not know the decisions
 * of others yet. Executions whose job cannot be read, or whose assignment could not be corrected, are left out.
 */
export async function checkAssignments(
  ports: CheckPorts,
  claims: readonly AssignmentClaim[],
): Promise<ReadonlyMap<string, ClaimVerdict>> {
  const verdicts = new Map<string, ClaimVerdict>();
  const byJob = Map.groupBy(claims, ({ namespace, jobId }) => `${namespace}.${jobId}`);
  await Promise.all(
    [...byJob.values()].map(async (ofJob) => {
      const [first] = ofJob;
      if (first === undefined) return;
      try {
        const logged = await readJob(ports, first);
        for (const claim of ofJob) {
          const holds = await correct(ports, claim, logged);
          const execution = logged.job === undefined ? undefined : executionOf(logged.job, claim.executionId);
          verdicts.set(claim.executionId, { holds, recordedUpTo: execution?.report ?? 0 });
        }
      } catch (failure) {
        // No verdict is not a refusal: the node waits and asks again.
        ports.logger.warn(
          { jobId: first.jobId, ...causeOf(failure) },
          "could not compare the assignments of a job with the log",
        );
      }
    }),
  );
  return verdicts;
}

async function readJob({ log }: CheckPorts, { namespace, jobId }: AssignmentClaim): Promise<Logged> {
  // An id that is not valid in a subject belongs to no job.
  if ([namespace, jobId].some((token) => tokenProblem(token) !== undefined)) return { job: undefined, seq: 0 };
  const stored = await log.load({ kind: "job", namespace, id: jobId });
  return { job: foldJob(stored), seq: stored.at(-1)?.seq ?? 0 };
}

async function correct({ views, logger }: CheckPorts, claim: AssignmentClaim, { job, seq }: Logged): Promise<boolean> {
  const { nodeId, executionId, isAssigned } = claim;
  const execution = job?.live.get(executionId);
  const holds = execution !== undefined && isLive(execution) && execution.placement.nodeId === nodeId;
  if (tokenProblem(executionId) !== undefined || holds === isAssigned) return holds;
  const key = `${nodeId}.${executionId}`;
  if (holds) {
    const entry = entries(assignmentView, job as Job).find((each) => each.key === key);
    if (entry !== undefined) await views.assignments.put(key, entryOf(entry.seq, entry.value));
    logger.info({ nodeId, executionId }, "rewrote a missing assignment");
    return true;
  }
  const there = await views.assignments.get(key);
  if (there === undefined) return false;
  // An unknown job has no position: the entry is removed at its own position.
  await views.assignments.remove(key, Math.max(seq, there.seq));
  logger.info({ nodeId, executionId }, "removed a stale assignment");
  return false;
}
