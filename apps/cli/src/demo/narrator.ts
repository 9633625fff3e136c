import type { FeedEvent } from "@shoal/client";
import { shortId } from "@shoal/proto";
import { paint } from "../output/paint.ts";
import { oneLine } from "../output/safe-text.ts";
import { timeOfDay } from "../output/times.ts";
import { eventTextOf, subjectOf } from "../progress/event-text.ts";
import type { Terminal } from "../terminal.ts";

/** Tells the story on the terminal. */
export interface Narrator {
  heading(title: string): void;
  /** What is about to happen or has been seen. */
  say(text: string): void;
  /** Something promised that was seen to hold. */
  proved(text: string): void;
  failed(text: string): void;
  /** An event of the live feed. */
  event(event: FeedEvent): void;
  /** While many alike events pass, they are only counted; call the answer to go on. */
  hush(): () => void;
  /** Something measured, shown again at the end. */
  figure(name: string, value: string): void;
  figures(): void;
}

// The event's text is cut so that a line fits most terminals; the history has all of it.
const textChars = 88;

/** A narrator; `feed` says whether the live feed is shown. */
export function createNarrator({ out, colours }: Terminal, { feed }: { readonly feed: boolean }): Narrator {
  const { bold, cyan, dim, green, red, yellow } = paint(colours);
  const tones = { plain: dim, good: green, bad: red, wait: yellow };
  const figures: [string, string][] = [];
  let steps = 0;
  let hushed: number | undefined;
  return {
    heading: (title) => out(`\n${bold(cyan(`${++steps}. ${title}`))}\n`),
    say: (text) => out(`   ${text}\n`),
    proved: (text) => out(`   ${green("✓")} ${text}\n`),
    failed: (text) => out(`\n${red("✗")} ${text}\n`),
    event(event) {
      if (!feed) return;
      if (hushed !== undefined) {
        hushed += 1;
        return;
      }
      const { topic, text, tone, executionId } = eventTextOf(event);
      const about = shortId(subjectOf(event)).padEnd(10);
      const execution = (executionId === "" ? "" : shortId(executionId)).padEnd(10);
      const cut = text.length > textChars ? `${text.slice(0, textChars)}…` : text;
      const time = timeOfDay(Date.parse(event.cloudEvent.time));
      out(`   ${dim(`│ ${time} ${about} ${execution} ${topic.padEnd(12)}`)} ${tones[tone](oneLine(cut))}\n`);
    },
    hush() {
      hushed = 0;
      return () => {
        if (feed) out(dim(`   │ … ${hushed ?? 0} events\n`));
        hushed = undefined;
      };
    },
    figure: (name, value) => void figures.push([name, value]),
    figures() {
      const width = Math.max(...figures.map(([name]) => name.length));
      for (const [name, value] of figures) out(`   ${name.padEnd(width)}  ${bold(value)}\n`);
    },
  };
}
