import { eventTextOf, oneLine, paint, subjectOf, type Terminal, timeOfDay } from "@shoal/cli/parts";
import type { FeedEvent } from "@shoal/client";
import { shortId } from "@shoal/proto";

/** Shows the demo on the terminal. */
export interface Reporter {
  heading(title: string): void;
  /** Prints a line about the next action or an observation. */
  say(text: string): void;
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

/** A reporter; shows the live feed if `feed` is true. */
export function createReporter({ out, colours }: Terminal, { feed }: { readonly feed: boolean }): Reporter {
  const { bold, cyan, dim, green, red, yellow } = paint(colours);
  const tones = { plain: dim, good: green, bad: red, wait: yellow };
  const figures: [string, string][] = [];
  let steps = 0;
  let mutedCount: number | undefined;
  return {
    heading: (title) => out(`\n${bold(cyan(`${++steps}. ${title}`))}\n`),
    say: (text) => out(`   ${text}\n`),
    passed: (text) => out(`   ${green("✓")} ${text}\n`),
    failed: (text) => out(`\n${red("✗")} ${text}\n`),
    event(event) {
      if (!feed) return;
      if (mutedCount !== undefined) {
        mutedCount += 1;
        return;
      }
      const { topic, text, tone, executionId } = eventTextOf(event);
      const about = shortId(subjectOf(event)).padEnd(10);
      const execution = (executionId === "" ? "" : shortId(executionId)).padEnd(10);
      const cut = text.length > textChars ? `${text.slice(0, textChars)}…` : text;
      const time = timeOfDay(Date.parse(event.cloudEvent.time));
      out(`   ${dim(`│ ${time} ${about} ${execution} ${topic.padEnd(12)}`)} ${tones[tone](oneLine(cut))}\n`);
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
