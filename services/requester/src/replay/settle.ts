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
// Enough to see what differs.
const shownChars = 400;

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
  // The bytes were different though the entry says the same: then nobody is writing it, it was changed by hand.
  let judgement = await weigh(parts, suspect, found);
  if (judgement.verdict === "right" && found !== undefined && suspect.why === "different")
    return { bucket, key, why: "different", wanted: "the same entry in other bytes", found: shown(found) };
  if (judgement.verdict === "late") {
    const waited = await waitFor(parts, suspect);
    found = waited.found;
    judgement = waited.judgement;
  }
  if (judgement.verdict === "right") return undefined;
  const { wanted } = judgement;
  const why = wanted === undefined ? "unexpected" : found === undefined ? "missing" : "different";
  return { bucket, key, why, wanted: shown(wanted), found: shown(found) };
}

/** Follows the entry until it is right or cannot become right any more, or the time is over. */
async function waitFor(
  parts: SettleParts,
  suspect: Suspect,
): Promise<{ found: ViewEntry | undefined; judgement: Judgement }> {
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

function shown(value: ViewEntry | string | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  const text = JSON.stringify(value);
  return text.length <= shownChars ? text : `${text.slice(0, shownChars)}…`;
}
