import { eventText, type HistoryEntity, slotsIn, typesWithText } from "@shoal/proto";
import type { StoredCommit } from "../ports/event-log.ts";
import type { JobEvent } from "./evolve.ts";

/** A job's history from its commits, oldest first; numbered from 1 in that order, with stable numbers. */
export function historyOf(stored: readonly StoredCommit[]): readonly HistoryEntity[] {
  const history: HistoryEntity[] = [];
  /** The last execution of each slot: events about many executions name slots. */
  const latest = new Map<string, string>();
  let version = 1;
  for (const { aggregate, commit } of stored) {
    for (const event of commit.events as readonly JobEvent[]) {
      if ("version" in event.data) version = event.data.version;
      if (event.type === "ExecutionAssigned") latest.set(event.data.slot, event.data.executionId);
      if (!typesWithText.has(event.type)) continue;
      const { topic, message, details } = eventText(event);
      for (const executionId of executionsIn(event, latest)) {
        history.push({
          seqNum: history.length + 1,
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
  return history;
}

/** The executions of an event; one empty id for an event of the job itself. */
function executionsIn(event: JobEvent, latest: ReadonlyMap<string, string>): readonly string[] {
  if (event.type !== "SlotsQueued" && "slots" in event.data)
    return slotsIn(event.data.slots).map((slot) => latest.get(slot) ?? "");
  return ["executionId" in event.data ? event.data.executionId : ""];
}
