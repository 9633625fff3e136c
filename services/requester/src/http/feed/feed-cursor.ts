import { Fault } from "@shoal/core";

/** The position of a feed: after this event, or after all events of this commit when `index` is the greatest number. */
export interface FeedCursor {
  readonly seq: number;
  readonly index: number;
}

const behindAll = Number.MAX_SAFE_INTEGER;
const shaped = /^(\d{1,15})(?:\.(\d{1,9}))?$/;

/** Parses `<seq>.<index>`, an event's id, or `<seq>`, a commit's position. Throws Fault BAD_REQUEST. */
export function readCursor(text: string): FeedCursor {
  const match = shaped.exec(text);
  if (match === null)
    throw new Fault(
      "BAD_REQUEST",
      `"${text.slice(0, 80)}" is not a position of the feed: expected an event's id such as 17.0, or 17`,
    );
  return { seq: Number(match[1]), index: match[2] === undefined ? behindAll : Number(match[2]) };
}

/** After the whole commit at this position. */
export const behindCommit = (seq: number): FeedCursor => ({ seq, index: behindAll });

/** Whether the event at (seq, index) is after the cursor. */
export const isBehind = (cursor: FeedCursor, seq: number, index: number): boolean =>
  seq > cursor.seq || (seq === cursor.seq && index > cursor.index);

/** The position after which commits are read: the commit of the cursor itself may have events that were not sent. */
export const readsBehind = ({ seq, index }: FeedCursor): number => (index === behindAll ? seq : Math.max(0, seq - 1));

/**
 * Where a feed begins: after `from`, or, when it is undefined, at the end of the log. This log never assigned a
 * position after its end: the log was restored from an older copy, or the position is of another cluster, and the feed
 * would wait without any event. Throws Fault BAD_REQUEST.
 */
export function cursorIn(from: string | undefined, lastSeq: number): FeedCursor {
  if (from === undefined) return behindCommit(lastSeq);
  const cursor = readCursor(from);
  if (cursor.seq <= lastSeq) return cursor;
  throw new Fault(
    "BAD_REQUEST",
    `expected a position of at most ${lastSeq}, the end of the log, got ${cursor.seq}: use after=0 for all events, or no position for new events`,
  );
}
