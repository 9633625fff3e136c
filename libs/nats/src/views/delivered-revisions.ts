import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";

/** What a reading of a bucket has delivered so far. */
export interface DeliveredRevisions {
  /**
   * The greatest revision that was delivered. Each run of the reading delivers in rising order and misses nothing that is newer
   * than what the run before delivered, so everything up to here has been delivered.
   */
  upTo(): number;
  advance(revision: number): void;
  /** Everything is delivered from the beginning again. */
  reset(): void;
  /** See ViewWatch.caughtUp. */
  caughtUp(): Promise<void>;
  /** Who waits is answered with a failure. */
  close(): void;
}

// How long a delivery is waited for before the leader is asked again: the message may have expired meanwhile, and never comes.
const askAgainMs = 500;

/** Counts what is delivered of a bucket's keys that match the pattern. */
export function deliveredRevisions(
  link: NatsSession,
  { bucket, pattern }: { readonly bucket: string; readonly pattern: string },
): DeliveredRevisions {
  const onAdvanced = new Set<() => void>();
  let upTo = 0;
  let isClosed = false;

  /** Whether a revision is delivered before it is worth asking the leader again. */
  async function within(revision: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => (upTo >= revision || isClosed ? resolve() : undefined);
    onAdvanced.add(look);
    const cancel = link.clock.at(link.clock.now() + askAgainMs, resolve);
    look();
    await promise;
    cancel();
    onAdvanced.delete(look);
    return upTo >= revision;
  }

  return {
    upTo: () => upTo,
    advance(revision) {
      upTo = Math.max(upTo, revision);
      for (const look of onAdvanced) look();
    },
    reset() {
      upTo = 0;
    },
    async caughtUp() {
      const untilAt = link.clock.now() + patienceMs;
      for (;;) {
        const look = await lastOnSubject(link, streamOfBucket(bucket), subjectOfKey(bucket, pattern));
        if (isClosed) throw unreachable(`watching bucket ${bucket}`, "the watch is closed");
        if (look.state === "none") return;
        if (look.state === "there" && (await within(look.message.seq))) return;
        const why = look.state === "unknown" ? look.why : `no revision ${look.message.seq} was delivered`;
        if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(`watching bucket ${bucket}`, why);
        if (look.state === "unknown") await shortPause(link);
      }
    },
    close() {
      isClosed = true;
      for (const look of onAdvanced) look();
    },
  };
}
