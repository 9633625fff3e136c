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
export const behind = (seq: number): FeedPlace => ({ seq, index: behindAll });

/** Whether the event at (seq, index) stands behind the place. */
export const isBehind = (place: FeedPlace, seq: number, index: number): boolean =>
  seq > place.seq || (seq === place.seq && index > place.index);
