import type { FeedEvent } from "@shoal/client";
import { ExecutionAssigned, fromWire } from "@shoal/proto";

/** Whether an event is the end of its job. */
export const isEnd = ({ type }: FeedEvent): boolean => ["JobCompleted", "JobFailed", "JobStopped"].includes(type);

/** The node of each execution, from the events. */
export function placesOf(events: readonly FeedEvent[]): ReadonlyMap<string, string> {
  const assigned = events
    .filter(({ type }) => type === ExecutionAssigned.name)
    .map(({ cloudEvent }) => fromWire(ExecutionAssigned.data, cloudEvent.data));
  return new Map(assigned.flatMap((read) => (read.ok ? [[read.value.executionId, read.value.nodeId] as const] : [])));
}

/** The number of events of a type. */
export const countOf = (events: readonly FeedEvent[], kind: string): number =>
  events.filter(({ type }) => type === kind).length;

/** The requester that appended an event. */
export const deciderOf = ({ cloudEvent }: FeedEvent): string => String(cloudEvent["by"]);

/** The id of the job or node that an event is about: the last part of its subject. */
export const subjectOf = ({ cloudEvent: { subject } }: FeedEvent): string =>
  subject.slice(subject.lastIndexOf("/") + 1);
