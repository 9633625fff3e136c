import type { Answer } from "@shoal/proto";
import type { JobEvent } from "../job/evolve.ts";
import type { StoredCommit } from "../ports/event-log.ts";

/** What the log records about the placement of a job. */
export interface RecordedDecisions {
  /** The answers of the nodes in the commit that assigned an execution. */
  readonly answers: ReadonlyMap<string, readonly Answer[]>;
  /** The last record about slots that wait. */
  readonly wait: { readonly why: string; readonly answers: readonly Answer[]; readonly at: number } | undefined;
}

/** Reads the decisions about placement in a job's commits. */
export function recordedDecisions(stored: readonly StoredCommit[]): RecordedDecisions {
  const answers = new Map<string, readonly Answer[]>();
  let wait: RecordedDecisions["wait"];
  for (const { commit } of stored) {
    // They are stored with the first execution of a commit.
    let ofCommit: readonly Answer[] = [];
    for (const { type, data } of commit.events as readonly JobEvent[]) {
      if (type === "ExecutionAssigned") {
        if (data.answers.length > 0) ofCommit = data.answers;
        answers.set(data.executionId, ofCommit);
      }
      if (type === "JobQueued" || type === "SlotsQueued")
        wait = { why: data.why, answers: data.answers, at: commit.at };
      if (type === "JobFailed" && data.answers !== undefined)
        wait = { why: data.why, answers: data.answers, at: commit.at };
      if (type === "JobUpdated") wait = undefined;
    }
  }
  return { answers, wait };
}
