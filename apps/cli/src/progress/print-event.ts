import type { FeedEvent } from "@shoal/client";
import { shortId } from "@shoal/proto";
import { type Colour, paint } from "../output/paint.ts";
import { oneLine } from "../output/safe-text.ts";
import { timeOfDay } from "../output/times.ts";
import type { Terminal } from "../terminal.ts";
import { aboutOf, type Told, tellEvent } from "./tell-event.ts";

// Widths of the columns: a time of day, a short id, the longest topic.
const widths = { time: 12, id: 10, topic: 12 } as const;

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
  const told = tellEvent(event);
  const box = paint(terminal.colours);
  const columns = [
    box.dim(timeOfDay(Date.parse(event.cloudEvent.time)).padEnd(widths.time)),
    ...(about ? [box.blue(oneLine(shortId(aboutOf(event))).padEnd(widths.id))] : []),
    (told.executionId === "" ? "" : oneLine(shortId(told.executionId))).padEnd(widths.id),
    told.topic.padEnd(widths.topic),
    colourOf(told, terminal.colours)(oneLine(told.text)),
  ];
  terminal.out(`${columns.join("  ")}\n`);
}

function colourOf({ tone }: Told, colours: boolean): Colour {
  const { green, red, yellow } = paint(colours);
  return { plain: (text: string) => text, good: green, bad: red, wait: yellow }[tone];
}
