import { type Clock, causeOf, type EventLog, pause, type ViewEntry } from "@shoal/core";
import type { Suspect } from "./compare.ts";
import { freshEntry } from "./fresh-entry.ts";
import type { KeptViews } from "./kept-views.ts";
import type { Difference } from "./report.ts";

export interface SettleParts {
  readonly log: EventLog;
  readonly kept: KeptViews;
  readonly clock: Clock;
  /** Until when entries that lag may catch up, milliseconds since the epoch. */
  readonly untilAt: number;
}

// Suspects looked at side by side; each is a read of the log and a watch.
const atOnce = 64;
// Enough to see what differs, and where.
const shownChars = 400;
const shownBefore = 60;

/** Looks again at entries that may have been written while they were compared. Resolves with those that stay wrong. */
export async function settle(parts: SettleParts, suspects: readonly Suspect[]): Promise<readonly Difference[]> {
  const wrong: Difference[] = [];
  const queue = [...suspects];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const difference = await judge(parts, next);
      if (difference !== undefined) wrong.push(difference);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, suspects.length) }, work));
  return wrong;
}

type Judgement =
  | { readonly verdict: "right" }
  | { readonly verdict: "late" | "wrong"; readonly wanted: ViewEntry | string | undefined };

async function judge(parts: SettleParts, suspect: Suspect): Promise<Difference | undefined> {
  const { bucket, key } = suspect;
  let found = suspect.found;
  let judgement = await weigh(parts, suspect, found);
  if (judgement.verdict === "right" && suspect.forged)
    return { bucket, key, why: "different", wanted: "the same entry in the usual bytes", found: "the same in others" };
  if (judgement.verdict === "late") {
    const waited = await (parts.clock.now() < parts.untilAt ? waitFor : lookOnce)(parts, suspect);
    found = waited.found;
    judgement = waited.judgement;
  }
  if (judgement.verdict === "right") return undefined;
  const { wanted } = judgement;
  const why = wanted === undefined ? "unexpected" : found === undefined ? "missing" : "different";
  return { bucket, key, why, ...shown(wanted, found) };
}

interface Waited {
  readonly found: ViewEntry | undefined;
  readonly judgement: Judgement;
}

/** Looks at the entry as it is now. */
async function lookOnce(parts: SettleParts, suspect: Suspect): Promise<Waited> {
  const found = await parts.kept.store(suspect.bucket).get(suspect.key);
  return { found, judgement: await weigh(parts, suspect, found) };
}

/** Follows the entry until it is right or cannot become right any more, or the time is over. */
async function waitFor(parts: SettleParts, suspect: Suspect): Promise<Waited> {
  const decided = new AbortController();
  let found: ViewEntry | undefined;
  let judgement: Judgement = { verdict: "late", wanted: undefined };
  let looking: Promise<void> = Promise.resolve();
  const look = (): void => {
    looking = looking.then(async () => {
      if (decided.signal.aborted) return;
      judgement = await weigh(parts, suspect, found);
      if (judgement.verdict !== "late") decided.abort();
    });
  };
  const watch = await parts.kept.store(suspect.bucket).watch(suspect.key, {
    changed(_, value) {
      found = value;
      look();
    },
    ready: look,
  });
  await pause(parts.clock, Math.max(0, parts.untilAt - parts.clock.now()), decided.signal);
  decided.abort();
  await looking;
  await watch.close();
  return { found, judgement };
}

async function weigh({ log, kept }: SettleParts, suspect: Suspect, found: ViewEntry | undefined): Promise<Judgement> {
  const { source } = suspect;
  if (source === undefined) return { verdict: "wrong", wanted: undefined };
  try {
    const wanted = await freshEntry(log, { ...suspect, source });
    if (isSame(kept, wanted, found)) return { verdict: "right" };
    // What carries the wanted position, or a later one than the log has, will not be written again.
    const final = wanted !== undefined && found !== undefined && found.seq >= wanted.seq;
    return { verdict: final ? "wrong" : "late", wanted };
  } catch (failure) {
    return { verdict: "wrong", wanted: causeOf(failure).why };
  }
}

function isSame({ encode }: KeptViews, one: ViewEntry | undefined, other: ViewEntry | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(encode(one), encode(other)) === 0;
}

/** Both as text, from shortly before where they begin to differ. */
function shown(
  wanted: ViewEntry | string | undefined,
  found: ViewEntry | undefined,
): Pick<Difference, "wanted" | "found"> {
  const [one, other] = [textOf(wanted), textOf(found)];
  if (one === undefined || other === undefined) return { wanted: cut(one, 0), found: cut(other, 0) };
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  const from = Math.max(0, same - shownBefore);
  return { wanted: cut(one, from), found: cut(other, from) };
}

const textOf = (value: ViewEntry | string | undefined): string | undefined =>
  typeof value === "object" ? JSON.stringify(value) : value;

function cut(text: string | undefined, from: number): string | undefined {
  if (text === undefined) return undefined;
  const end = from + shownChars;
  return `${from === 0 ? "" : "…"}${text.slice(from, end)}${end < text.length ? "…" : ""}`;
}
