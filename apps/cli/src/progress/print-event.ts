import type { FeedEvent } from "@shoal/client";
import { type EventText, shortId } from "@shoal/proto";
import { type Colour, paint } from "../output/paint.ts";
import { oneLine } from "../output/safe-text.ts";
import { timeOfDay } from "../output/times.ts";
import type { Terminal } from "../terminal.ts";
import { eventTextOf, subjectOf } from "./event-text.ts";

// Widths of the columns: a time of day, a short id, the longest topic.
const widths = { time: 12, id: 10, topic: 18 } as const;

/** The heading above a job's events. */
export const progressHeading = [
  "TIME".padEnd(widths.time),
  "EXEC. ID".padEnd(widths.id),
  "TOPIC".padEnd(widths.topic),
  "EVENT\n",
].join("  ");

export interface PrintEventOptions {
  /** Also show which job or node it is about: for feeds of more than one. */
  readonly about: boolean;
}

/** Prints an event as one line. */
export function printEvent(terminal: Terminal, event: FeedEvent, { about }: PrintEventOptions): void {
  const words = eventTextOf(event);
  const box = paint(terminal.colours);
  const columns = [
    box.dim(timeOfDay(Date.parse(event.cloudEvent.time)).padEnd(widths.time)),
    ...(about ? [box.blue(oneLine(shortId(subjectOf(event))).padEnd(widths.id))] : []),
    (words.executionId === "" ? "" : oneLine(shortId(words.executionId))).padEnd(widths.id),
    words.topic.padEnd(widths.topic),
    colourOf(words, terminal.colours)(oneLine(words.text)),
  ];
  terminal.out(`${columns.join("  ")}\n`);
}

function colourOf({ tone }: EventText, colours: boolean): Colour {
  const { green, red, yellow } = paint(colours);
  return { plain: (text: string) => text, good: green, bad: red, wait: yellow }[tone];
}
