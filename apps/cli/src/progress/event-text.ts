import type { FeedEvent } from "@shoal/client";
import { type EventText, feedEventText } from "@shoal/proto";

/** An event of the feed as the command line shows it: in the words of the table that the history of a job reads too. */
export const eventTextOf = ({ type, cloudEvent }: FeedEvent): EventText =>
  feedEventText({ type, data: cloudEvent.data });

/** The id of the job or node that an event is about: the last part of its subject. */
export function subjectOf({ cloudEvent }: FeedEvent): string {
  return cloudEvent.subject.slice(cloudEvent.subject.lastIndexOf("/") + 1);
}
