import { type HistoryEntity, shortId, slotsIn, slotText } from "@shoal/proto";
import type { StoredCommit } from "../ports/event-log.ts";
import type { JobEvent } from "./evolve.ts";

type Line = { readonly topic: string; readonly message: string; readonly details?: Readonly<Record<string, string>> };
type Tell<T extends JobEvent["type"]> = (data: Extract<JobEvent, { type: T }>["data"]) => Line;

const failed = (code: string, retryAt: number | undefined): Record<string, string> => ({
  IsError: "true",
  ErrorCode: code,
  Retryable: String(retryAt !== undefined),
  FailsExecution: "true",
});

/**
 * How each event reads in a job's story; topics and sentences are those that the field's clients look for. What its scheduler decides
 * without a node having said so (stop, loss of a node, a job that cannot go on) has the topic Scheduling.
 */
const lines: { readonly [T in JobEvent["type"]]: Tell<T> } = {
  JobSubmitted: () => ({ topic: "Submission", message: "Job submitted", details: { NewState: "Pending" } }),
  JobQueued: ({ why }) => ({
    topic: "Queueing",
    message: `Job queued. ${why}`,
    details: { NewState: "Queued", Reason: why },
  }),
  SlotsQueued: ({ slots, why }) => ({
    topic: "Queueing",
    message: `Waiting for a place: ${slotText(slots)}. ${why}`,
    details: { Slots: slotText(slots), Reason: why },
  }),
  JobStarted: () => ({ topic: "State Update", message: "Running", details: { NewState: "Running" } }),
  JobCompleted: () => ({
    topic: "State Update",
    message: "Completed successfully",
    details: { NewState: "Completed" },
  }),
  JobFailed: ({ code, why }) => ({
    topic: code === "JOB_TIMED_OUT" ? "Job Timeout" : "Scheduling",
    message: why,
    details: { NewState: "Failed", IsError: "true", ErrorCode: code },
  }),
  JobStopped: ({ why }) => ({
    topic: "Scheduling",
    message: "Job requested to stop before completion",
    details: { NewState: "Stopped", Reason: why },
  }),
  ExecutionAssigned: ({ nodeId, attempt, answers }) => ({
    topic: "Scheduling",
    message: `Requested execution on ${shortId(nodeId)}`,
    details: { NodeID: nodeId, Attempt: String(attempt), ...whyHere(nodeId, answers) },
  }),
  ExecutionStarted: () => ({ topic: "Execution", message: "Running", details: { NewState: "Running" } }),
  ExecutionPublishing: () => ({
    topic: "Publishing Results",
    message: "Publishing",
    details: { NewState: "Publishing" },
  }),
  ExecutionCompleted: ({ output }) => ({
    topic: "Execution",
    message: "Completed successfully",
    details: { NewState: "Completed", ExitCode: String(output.exitCode) },
  }),
  ExecutionFailed: ({ code, why, retryAt }) => ({
    topic: code === "EXECUTION_TIMED_OUT" ? "Exec Timeout" : "Execution",
    message: why,
    details: { NewState: "Failed", ...failed(code, retryAt) },
  }),
  ExecutionsStopping: ({ why }) => ({ topic: "Scheduling", message: why, details: { NewState: "Cancelled" } }),
  ExecutionsLost: ({ code, why, retryAt }) => ({
    topic: "Scheduling",
    message: `Execution stop requested because ${why}`,
    details: { NewState: "Failed", ...failed(code, retryAt) },
  }),
  ExecutionStopped: () => ({ topic: "Execution", message: "Stopped", details: { NewState: "Cancelled" } }),
};

/** One answer of a node as a word of the story: its score, or why not. */
function whyHere(
  nodeId: string,
  answers: Extract<JobEvent, { type: "ExecutionAssigned" }>["data"]["answers"],
): Record<string, string> {
  const told = answers.map(
    (each) => `${each.nodeId}: ${each.accepted ? `bid ${each.score ?? 0}` : `did not bid, ${each.why ?? ""}`}`,
  );
  return told.length === 0 ? {} : { Reason: `${shortId(nodeId)} chosen; ${told.join("; ")}` };
}

/** A job's story from its commits, oldest first; numbered from 1 in that order, for ever the same. */
export function historyOf(stored: readonly StoredCommit[]): readonly HistoryEntity[] {
  const story: HistoryEntity[] = [];
  /** The last execution of each slot: events about many executions name slots. */
  const latest = new Map<string, string>();
  let version = 1;
  for (const { aggregate, commit } of stored) {
    for (const event of commit.events as readonly JobEvent[]) {
      if ("version" in event.data) version = event.data.version;
      if (event.type === "ExecutionAssigned") latest.set(event.data.slot, event.data.executionId);
      const tell = lines[event.type] as Tell<JobEvent["type"]> | undefined;
      if (tell === undefined) continue;
      const { topic, message, details } = tell(event.data as never);
      for (const executionId of executionsIn(event, latest)) {
        story.push({
          seqNum: story.length + 1,
          type: executionId === "" ? "job" : "execution",
          jobId: aggregate.id,
          jobVersion: version,
          executionId,
          event: { message, topic, timestamp: commit.at, details: { ...details } },
          time: commit.at,
        });
      }
    }
  }
  return story;
}

/** The executions that an event is about; one empty id for an event of the job itself. */
function executionsIn(event: JobEvent, latest: ReadonlyMap<string, string>): readonly string[] {
  if (event.type === "ExecutionsLost" || event.type === "ExecutionsStopping")
    return slotsIn(event.data.slots).map((slot) => latest.get(slot) ?? "");
  return ["executionId" in event.data ? event.data.executionId : ""];
}
