import { type Clock, cloudEventOf, type EventLog, type LogFilter, type StoredCommit } from "@shoal/core";
import { apiLimits } from "../limits.ts";
import { createPulse } from "../pulse.ts";
import { type FeedPlace, isBehind } from "./feed-place.ts";
import { type FeedReader, framed, heartbeat } from "./reader.ts";

export interface FeedWish {
  readonly filter: LogFilter;
  /** Told is what stands behind this. */
  readonly after: FeedPlace;
  /** Types of events that are wanted, without prefix and in lower case; none means all. */
  readonly types: ReadonlySet<string>;
}

export interface FeedParts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly reader: FeedReader;
  /** Told when the log cannot be followed: the reader has been dropped then. */
  readonly failed: (failure: unknown) => void;
}

/**
 * Tells a reader every wanted event, in order, once, until the answer is called. A reader who cannot keep up is waited for: the log
 * holds what comes meanwhile, and following begins again behind what he got. One who takes too long is dropped.
 */
export function tellFeed({ log, clock, reader, failed }: FeedParts, { filter, after, types }: FeedWish): () => void {
  let place = after;
  let over = false;
  let full = false;
  let following: Promise<{ close(): Promise<void> }> | undefined;
  let cancelPatience = () => {};
  const pulse = createPulse(clock, apiLimits.feedHeartbeatMs, () => full || reader.write(heartbeat));

  const end = (): void => {
    over = true;
    pulse.stop();
    cancelPatience();
    unfollow();
  };
  const drop = (): void => {
    end();
    reader.drop();
  };

  function unfollow(): void {
    following?.then((open) => open.close()).catch(() => {});
    following = undefined;
  }

  function deliver(stored: StoredCommit): void {
    if (over || full) return;
    for (const [index, { type }] of stored.commit.events.entries()) {
      if (!isBehind(place, stored.seq, index)) continue;
      if (types.size === 0 || types.has(type.toLowerCase())) {
        full = !reader.write(framed(cloudEventOf(stored, index)));
        pulse.reset();
      }
      place = { seq: stored.seq, index };
      if (full) {
        wait();
        return;
      }
    }
  }

  function wait(): void {
    unfollow();
    cancelPatience = clock.at(clock.now() + apiLimits.feedDrainMs, drop);
    reader.onceDrained(() => {
      cancelPatience();
      full = false;
      if (!over) follow();
    });
  }

  function follow(): void {
    // The commit of the place itself is asked for again: some of its events may not have been told.
    following = log.follow(filter, Math.max(0, place.seq - 1), deliver);
    following.catch((failure: unknown) => {
      if (over) return;
      drop();
      failed(failure);
    });
  }

  follow();
  return end;
}
