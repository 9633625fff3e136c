import type { FeedEvent } from "@shoal/client";
import { ExecutionAssigned, fromWire } from "@shoal/proto";

/** Whether a job's events say that it has come to its end. */
export const isEnd = ({ type }: FeedEvent): boolean => ["JobCompleted", "JobFailed", "JobStopped"].includes(type);

/** Which node each execution was given to, as the events say. */
export function placesOf(events: readonly FeedEvent[]): ReadonlyMap<string, string> {
  const assigned = events
    .filter(({ type }) => type === ExecutionAssigned.name)
    .map(({ cloudEvent }) => fromWire(ExecutionAssigned.data, cloudEvent.data));
  return new Map(assigned.flatMap((read) => (read.ok ? [[read.value.executionId, read.value.nodeId] as const] : [])));
}

/** How many of a job's events are of a kind. */
export const countOf = (events: readonly FeedEvent[], kind: string): number =>
  events.filter(({ type }) => type === kind).length;

/** The requester that decided an event. */
export const deciderOf = ({ cloudEvent }: FeedEvent): string => String(cloudEvent["by"]);
