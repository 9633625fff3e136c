import { createParser } from "eventsource-parser";
import { ownProblem } from "../api-error.ts";
import { type FeedEvent, feedEventOf } from "./feed-event.ts";

/** Reads the events of a feed's connection piece by piece. */
export interface EventReader {
  /** Takes the next piece of decoded text, cut anywhere, and returns the events that it completes. Throws ApiError. */
  push(text: string): readonly FeedEvent[];
}

/** Characters of one event: a commit has at most 512 KiB in the log, and JSON makes at most some four of one byte. */
export const eventCharsMax = 4 * 524_288;

/** A reader at the beginning of a connection. Server-sent events without an id are no events of the feed, and are left out. */
export function createEventReader(): EventReader {
  let read: FeedEvent[] = [];
  const parser = createParser({
    maxBufferSize: eventCharsMax,
    onEvent({ id, data }) {
      if (id !== undefined) read.push(feedEventOf({ id, data }));
    },
    onError({ type }) {
      if (type === "max-buffer-size-exceeded")
        throw ownProblem("TOO_LARGE", `an event of more than ${eventCharsMax} characters`);
    },
  });
  return {
    push(text) {
      parser.feed(text);
      const events = read;
      read = [];
      return events;
    },
  };
}
