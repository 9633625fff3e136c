import { type Clock, causeOf, type EventLog, type Kinds, pause, type ViewEntry } from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";
import { comparable, expectedEntries } from "./expected-entries.ts";
import { foldNext, notFolded } from "./folded.ts";
import type { Mismatch } from "./report.ts";
import type { StoredViews, Stores } from "./stored-views.ts";

/** An entry that differed from the expected one when it was compared. */
export interface Suspect {
  readonly bucket: string;
  readonly key: string;
  /** The aggregate that it belongs to; undefined when it cannot be determined. */
  readonly source: AggregateRef | undefined;
  /** The stored content. */
  readonly actual: ViewEntry | undefined;
  /** The stored bytes are not canonical: no requester wrote them. */
  readonly isForged: boolean;
}

export interface RecheckParts {
  readonly log: Pick<EventLog, "load">;
  readonly kinds: Kinds;
  readonly views: StoredViews;
  readonly stores: Stores;
  readonly clock: Clock;
  /** Until when late entries may catch up, milliseconds since the epoch. */
  readonly untilAt: number;
}

// Suspects rechecked concurrently; each costs one read of the log and one of the bucket.
const atOnce = 64;
// An owner writes a view half a second late at most.
const againMs = 250;
// Enough characters to show the difference and its place.
const shownChars = 400;
const shownBefore = 60;

/** Compares entries again that may have been written during the comparison. Resolves with those that stay wrong. */
export async function recheck(parts: RecheckParts, suspects: Iterable<Suspect>): Promise<readonly Mismatch[]> {
  const wrong: Mismatch[] = [];
  const queue = suspects[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      const mismatch = await recheckOne(parts, next.value);
      if (mismatch !== undefined) wrong.push(mismatch);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return wrong;
}

type RecheckOutcome =
  | { readonly state: "right" }
  | { readonly state: "late" | "wrong"; readonly expected: ViewEntry | string | undefined };

/** Compares until the entry is right, cannot become right, or the time is over. */
async function recheckOne(parts: RecheckParts, suspect: Suspect): Promise<Mismatch | undefined> {
  const { bucket, key, isForged } = suspect;
  const { clock, stores, untilAt } = parts;
  let { actual } = suspect;
  let outcome = await compare(parts, suspect, actual);
  if (outcome.state === "right" && isForged)
    return {
      bucket,
      key,
      why: "different",
      expected: "the same entry in canonical bytes",
      actual: "the same content in other bytes",
    };
  while (outcome.state === "late") {
    actual = await stores[bucket]?.get(key);
    outcome = await compare(parts, suspect, actual);
    if (clock.now() >= untilAt) break;
    await pause(clock, againMs);
  }
  if (outcome.state === "right") return undefined;
  const { expected } = outcome;
  const why = expected === undefined ? "unexpected" : actual === undefined ? "missing" : "different";
  return { bucket, key, why, ...excerpts(expected, actual) };
}

async function compare(parts: RecheckParts, suspect: Suspect, actual: ViewEntry | undefined): Promise<RecheckOutcome> {
  const bytesOf = (entry: ViewEntry) => parts.views.encode(comparable({ ...suspect, entry }));
  if (suspect.source === undefined) return { state: "wrong", expected: undefined };
  try {
    const expected = await freshEntry(parts, { ...suspect, source: suspect.source });
    const same =
      expected === undefined || actual === undefined
        ? expected === actual
        : Buffer.compare(bytesOf(expected), bytesOf(actual)) === 0;
    if (same) return { state: "right" };
    // An entry at the expected position, or at a later one than the log has, is not rewritten.
    const isFinal = expected !== undefined && actual !== undefined && actual.seq >= expected.seq;
    return { state: isFinal ? "wrong" : "late", expected };
  } catch (failure) {
    return { state: "wrong", expected: causeOf(failure).why };
  }
}

/** The entry that the log expects under a key now; undefined when it expects none. Throws Fault LOG_UNREACHABLE. */
async function freshEntry(
  { log, kinds }: Pick<RecheckParts, "log" | "kinds">,
  { bucket, key, source }: { readonly bucket: string; readonly key: string; readonly source: AggregateRef },
): Promise<ViewEntry | undefined> {
  const commits = await log.load(source);
  let folded = notFolded(kinds, commits[0]?.aggregate ?? source);
  for (const stored of commits) folded = foldNext(folded, stored);
  for (const each of expectedEntries(folded, new Set([bucket]))) if (each.key === key) return each.entry;
  return undefined;
}

/** Both as text, from shortly before the first difference. */
function excerpts(
  expected: ViewEntry | string | undefined,
  actual: ViewEntry | undefined,
): Pick<Mismatch, "expected" | "actual"> {
  const [one, other] = [textOf(expected), textOf(actual)];
  if (one === undefined || other === undefined) return { expected: cut(one, 0), actual: cut(other, 0) };
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  const from = Math.max(0, same - shownBefore);
  return { expected: cut(one, from), actual: cut(other, from) };
}

const textOf = (value: ViewEntry | string | undefined): string | undefined =>
  typeof value === "object" ? JSON.stringify(value) : value;

function cut(text: string | undefined, from: number): string | undefined {
  if (text === undefined) return undefined;
  const end = from + shownChars;
  return `${from === 0 ? "" : "…"}${text.slice(from, end)}${end < text.length ? "…" : ""}`;
}
