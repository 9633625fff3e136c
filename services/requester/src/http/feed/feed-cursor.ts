import { Fault } from "@shoal/core";

/** How far a feed has come: behind this event, or behind all events of this commit when `index` is the greatest number. */
export interface FeedCursor {
  readonly seq: number;
  readonly index: number;
}

const behindAll = Number.MAX_SAFE_INTEGER;
const shaped = /^(\d{1,15})(?:\.(\d{1,9}))?$/;

/** Reads `<seq>.<index>`, an event's id, or `<seq>`, a commit's position. Throws Fault BAD_REQUEST. */
export function readCursor(text: string): FeedCursor {
  const match = shaped.exec(text);
  if (match === null)
    throw new Fault(
      "BAD_REQUEST",
      `"${text.slice(0, 80)}" is no position in the feed: expected an event's id such as 17.0, or 17`,
    );
  return { seq: Number(match[1]), index: match[2] === undefined ? behindAll : Number(match[2]) };
}

/** Behind the whole commit at this position. */
export const behindCommit = (seq: number): FeedCursor => ({ seq, index: behindAll });

/** Whether the event at (seq, index) is behind the cursor. */
export const isBehind = (cursor: FeedCursor, seq: number, index: number): boolean =>
  seq > cursor.seq || (seq === cursor.seq && index > cursor.index);

/** The position behind which commits are read from here: the commit of the cursor itself may have events that were not sent. */
export const readsBehind = ({ seq, index }: FeedCursor): number => (index === behindAll ? seq : Math.max(0, seq - 1));

/**
 * Where a feed begins: behind `from`, or, when it is undefined, behind the end of the log. A position behind the end was never given
 * out by this log: the log has been restored from an older copy, or the position is of another cluster, and waiting for it would be
 * silence. Throws Fault BAD_REQUEST.
 */
export function cursorIn(from: string | undefined, lastSeq: number): FeedCursor {
  if (from === undefined) return behindCommit(lastSeq);
  const cursor = readCursor(from);
  if (cursor.seq <= lastSeq) return cursor;
  throw new Fault(
    "BAD_REQUEST",
    `expected a position up to ${lastSeq}, where the log ends, got ${cursor.seq}: read from after=0, or from now on without a position`,
  );
}
