import { resultWithin } from "@shoal/core";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";

/** The revisions that a reading of a bucket has delivered. */
export interface DeliveredRevisions {
  /**
   * The greatest delivered revision. Each run of the reading delivers in rising order and misses no revision after those of the run
   * before, so every revision up to this one has been delivered.
   */
  upTo(): number;
  advance(revision: number): void;
  /** Called when the delivery starts from the beginning again. */
  reset(): void;
  /** See ViewWatch.caughtUp. */
  caughtUp(): Promise<void>;
  /** Rejects every pending `caughtUp`. */
  close(): void;
}

// How long to wait for a delivery before the next request to the leader: the message may have expired, and is never delivered then.
const askAgainMs = 500;

/** Tracks the delivered revisions of a bucket's keys that match the pattern. */
export function deliveredRevisions(
  session: NatsSession,
  { bucket, pattern }: { readonly bucket: string; readonly pattern: string },
): DeliveredRevisions {
  const onAdvanced = new Set<() => void>();
  let upTo = 0;
  let isClosed = false;

  /** Whether a revision is delivered within `askAgainMs`. */
  async function within(revision: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => (upTo >= revision || isClosed ? resolve() : undefined);
    onAdvanced.add(check);
    check();
    await resultWithin(promise, { clock: session.clock, limitMs: askAgainMs });
    onAdvanced.delete(check);
    return upTo >= revision;
  }

  return {
    upTo: () => upTo,
    advance(revision) {
      upTo = Math.max(upTo, revision);
      for (const check of onAdvanced) check();
    },
    reset() {
      upTo = 0;
    },
    async caughtUp() {
      const untilAt = session.clock.now() + patienceMs;
      for (;;) {
        const lookup = await lastOnSubject(session, streamOfBucket(bucket), subjectOfKey(bucket, pattern));
        if (isClosed) throw unreachable(`watching bucket ${bucket}`, "the watch is closed");
        if (lookup.state === "none") return;
        if (lookup.state === "there" && (await within(lookup.message.seq))) return;
        const why = lookup.state === "unknown" ? lookup.why : `no revision ${lookup.message.seq} was delivered`;
        if (session.clock.now() >= untilAt || session.nc.isClosed())
          throw unreachable(`watching bucket ${bucket}`, why);
        if (lookup.state === "unknown") await shortPause(session);
      }
    },
    close() {
      isClosed = true;
      for (const check of onAdvanced) check();
    },
  };
}
