import { assignmentView, causeOf, entries, entryOf, executionOf, foldJob, isLive, type Job } from "@shoal/core";
import { tokenProblem } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";

/** An execution that a node has, or that the bucket of assignments says it has. */
export interface AssignmentClaim {
  readonly nodeId: string;
  readonly executionId: string;
  readonly jobId: string;
  readonly namespace: string;
  /** Its assignment is there. Where it is not, and the execution holds, it is written again. */
  readonly isAssigned: boolean;
}

/** What the log says of an execution. */
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
 * Compares claims with the log, makes the bucket agree with it, and says for each execution whether it is live and placed on its
 * node. Every job is read from the log, also by its owner: one that was suspended does not know yet what others have decided.
 * An execution whose job cannot be read, or whose assignment could not be corrected, is left out.
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
        // No verdict is not a no: whoever asked waits and asks again.
        ports.logger.warn(
          { jobId: first.jobId, ...causeOf(failure) },
          "assignments of a job cannot be compared with the log",
        );
      }
    }),
  );
  return verdicts;
}

async function readJob({ log }: CheckPorts, { namespace, jobId }: AssignmentClaim): Promise<Logged> {
  // What cannot stand in a subject is no job's.
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
    logger.info({ nodeId, executionId }, "an assignment that was missing is written again");
    return true;
  }
  const there = await views.assignments.get(key);
  if (there === undefined) return false;
  // An unknown job has no position: the entry is removed at its own.
  await views.assignments.remove(key, Math.max(seq, there.seq));
  logger.info({ nodeId, executionId }, "an assignment that does not hold any more is removed");
  return false;
}
