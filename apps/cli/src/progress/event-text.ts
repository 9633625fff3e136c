import type { FeedEvent } from "@shoal/client";
import { type EventText, feedEventText } from "@shoal/proto";

/** The text of an event of the feed, from the same table as the history of a job. */
export const eventTextOf = ({ type, cloudEvent }: FeedEvent): EventText =>
  feedEventText({ type, data: cloudEvent.data });

/** The id of the job or node that an event is about: the last part of its subject. */
export function subjectOf({ cloudEvent }: FeedEvent): string {
  return cloudEvent.subject.slice(cloudEvent.subject.lastIndexOf("/") + 1);
}
