import { Fault } from "@shoal/core";

/** A place in the feed: behind this event, or behind all events of this commit when `index` is the greatest number. */
export interface FeedPlace {
  readonly seq: number;
  readonly index: number;
}

const behindAll = Number.MAX_SAFE_INTEGER;
const shaped = /^(\d{1,15})(?:\.(\d{1,9}))?$/;

/** Reads `<seq>.<index>`, an event's id, or `<seq>`, a commit's position. Throws Fault BAD_REQUEST. */
export function readPlace(text: string): FeedPlace {
  const match = shaped.exec(text);
  if (match === null)
    throw new Fault(
      "BAD_REQUEST",
      `"${text.slice(0, 80)}" is no place in the feed: wanted an event's id such as 17.0, or 17`,
    );
  return { seq: Number(match[1]), index: match[2] === undefined ? behindAll : Number(match[2]) };
}

/** Behind the whole commit at this position. */
const behind = (seq: number): FeedPlace => ({ seq, index: behindAll });

/** Whether the event at (seq, index) stands behind the place. */
export const isBehind = (place: FeedPlace, seq: number, index: number): boolean =>
  seq > place.seq || (seq === place.seq && index > place.index);

/**
 * Where a feed begins: behind `from`, or, when it is undefined, behind the end of the log. A place behind the end was never given out by
 * this log: the log has been restored from an older copy, or the place is of another cluster, and waiting for it would be silence.
 * Throws Fault BAD_REQUEST.
 */
export function placeIn(from: string | undefined, lastSeq: number): FeedPlace {
  if (from === undefined) return behind(lastSeq);
  const place = readPlace(from);
  if (place.seq <= lastSeq) return place;
  throw new Fault(
    "BAD_REQUEST",
    `expected a position up to ${lastSeq}, where the log ends, got ${place.seq}: read from after=0, or from now on without a position`,
  );
}
