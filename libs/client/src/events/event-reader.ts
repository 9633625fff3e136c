import { createParser } from "eventsource-parser";
import { ownProblem } from "../api-error.ts";
import { type FeedEvent, feedEventOf } from "./feed-event.ts";

/** Parses the event stream of one connection. */
export interface EventReader {
  /** Adds a chunk of decoded text, split at any point, and returns the events that it completes. Throws ApiError. */
  push(text: string): readonly FeedEvent[];
}

/** The most characters of one event: a commit has at most 512 KiB in the log, and JSON turns one byte into at most about four. */
export const eventCharsMax = 4 * 524_288;

/** Creates a reader for a new connection. Skips server-sent events without an id: they are not feed events. */
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
