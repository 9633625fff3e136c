import { stripVTControlCharacters, styleText } from "node:util";
import type { FeedEvent } from "@shoal/client";
import { feedEventText, shortId } from "@shoal/proto";
import { subjectOf } from "./job-events.ts";

/** Shows the demo on the terminal. */
export interface Reporter {
  heading(title: string): void;
  /** Prints a line about the next action or an observation. */
  print(text: string): void;
  /** Prints a promise that held. */
  passed(text: string): void;
  failed(text: string): void;
  /** Prints an event of the live feed. */
  event(event: FeedEvent): void;
  /** Only counts events from now on; call the result to print them again. */
  mute(): () => void;
  /** Records a measurement for the summary at the end. */
  figure(name: string, value: string): void;
  figures(): void;
}

// The text of an event is cut so that a line fits most terminals; the history has the full text.
const textChars = 88;

// styleText leaves the text as it is when stdout shows no colours.
const tones = { plain: "dim", good: "green", bad: "red", wait: "yellow" } as const;
const bold = (text: string): string => styleText("bold", text);
const dim = (text: string): string => styleText("dim", text);

// The place of `12:00:00.000` in an ISO time.
const timeOfDay = [11, 23] as const;

/** A reporter; shows the live feed if `feed` is true. */
export function createReporter({ feed }: { readonly feed: boolean }): Reporter {
  const out = (text: string): void => void process.stdout.write(text);
  const figures: [string, string][] = [];
  let steps = 0;
  let mutedCount: number | undefined;
  return {
    heading: (title) => out(`\n${styleText(["bold", "cyan"], `${++steps}. ${title}`)}\n`),
    print: (text) => out(`   ${text}\n`),
    passed: (text) => out(`   ${styleText("green", "✓")} ${text}\n`),
    failed: (text) => out(`\n${styleText("red", "✗")} ${text}\n`),
    event(event) {
      if (!feed) return;
      if (mutedCount !== undefined) {
        mutedCount += 1;
        return;
      }
      const { topic, text, tone, executionId } = feedEventText({ type: event.type, data: event.cloudEvent.data });
      const about = shortId(subjectOf(event)).padEnd(10);
      const execution = (executionId === "" ? "" : shortId(executionId)).padEnd(10);
      const line = stripVTControlCharacters(text).replaceAll(/\s+/g, " ");
      const cut = line.length > textChars ? `${line.slice(0, textChars)}…` : line;
      const time = new Date(event.cloudEvent.time).toISOString().slice(...timeOfDay);
      out(`   ${dim(`│ ${time} ${about} ${execution} ${topic.padEnd(12)}`)} ${styleText(tones[tone], cut)}\n`);
    },
    mute() {
      mutedCount = 0;
      return () => {
        if (feed) out(dim(`   │ … ${mutedCount ?? 0} events\n`));
        mutedCount = undefined;
      };
    },
    figure: (name, value) => void figures.push([name, value]),
    figures() {
      const width = Math.max(...figures.map(([name]) => name.length));
      for (const [name, value] of figures) out(`   ${name.padEnd(width)}  ${bold(value)}\n`);
    },
  };
}
