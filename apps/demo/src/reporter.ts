import { eventTextOf, oneLine, paint, subjectOf, type Terminal, timeOfDay } from "@shoal/cli/parts";
import type { FeedEvent } from "@shoal/client";
import { shortId } from "@shoal/proto";

/** Shows the demonstration on the terminal. */
export interface Reporter {
  heading(title: string): void;
  /** What follows, or what was seen. */
  say(text: string): void;
  /** Something promised that was seen to hold. */
  passed(text: string): void;
  failed(text: string): void;
  /** An event of the live feed. */
  event(event: FeedEvent): void;
  /** While many alike events pass, they are only counted; call the answer to go on. */
  mute(): () => void;
  /** Something measured, shown again at the end. */
  figure(name: string, value: string): void;
  figures(): void;
}

// The event's text is cut so that a line fits most terminals; the history has all of it.
const textChars = 88;

/** A reporter; `feed` says whether the live feed is shown. */
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
