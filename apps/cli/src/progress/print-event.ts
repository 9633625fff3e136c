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
  /** Whether to show the id of the job or node, for feeds of more than one. */
  readonly about: boolean;
}

/** Prints an event as one line. */
export function printEvent(terminal: Terminal, event: FeedEvent, { about }: PrintEventOptions): void {
  const shown = eventTextOf(event);
  const { dim, blue } = paint(terminal.colours);
  const columns = [
    dim(timeOfDay(Date.parse(event.cloudEvent.time)).padEnd(widths.time)),
    ...(about ? [blue(oneLine(shortId(subjectOf(event))).padEnd(widths.id))] : []),
    (shown.executionId === "" ? "" : oneLine(shortId(shown.executionId))).padEnd(widths.id),
    shown.topic.padEnd(widths.topic),
    colourOf(shown, terminal.colours)(oneLine(shown.text)),
  ];
  terminal.out(`${columns.join("  ")}\n`);
}

function colourOf({ tone }: EventText, colours: boolean): Colour {
  const { green, red, yellow } = paint(colours);
  return { plain: (text: string) => text, good: green, bad: red, wait: yellow }[tone];
}
