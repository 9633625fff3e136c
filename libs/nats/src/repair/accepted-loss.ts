import { buckets } from "@shoal/proto";
import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { storedValueOf, streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { encodeEntry } from "../views/entry-codec.ts";

const AcceptedLoss = z.object({
  /** The number of this acceptance; grows with each. */
  seq: z.number(),
  /** The end of the log at that time. */
  endsAt: z.number(),
  /** The latest position in any view. */
  knownSeq: z.number(),
  /** When it was accepted, in milliseconds since the epoch. */
  at: z.number(),
});

/** The record that an operator continues with a truncated log. */
export type AcceptedLoss = z.infer<typeof AcceptedLoss>;

// In the bucket of the leases, the only one that is no view.
const key = "_accepted-loss";
const subject = subjectOfKey(buckets.shards, key);

/** The latest acceptance; undefined when there was none. Throws Fault LOG_UNREACHABLE. */
export async function lastAcceptedLoss(session: NatsSession): Promise<AcceptedLoss | undefined> {
  const lookup = await lastOnSubject(session, streamOfBucket(buckets.shards), subject);
  if (lookup.state === "unknown") throw unreachable("reading the accepted loss", lookup.why);
  const saved = lookup.state === "there" ? AcceptedLoss.safeParse(storedValueOf(lookup.message)?.value) : undefined;
  return saved?.success === true ? saved.data : undefined;
}

/** Records an acceptance after all earlier ones. Throws Fault LOG_UNREACHABLE. */
export async function recordAcceptedLoss(session: NatsSession, loss: Omit<AcceptedLoss, "seq">): Promise<AcceptedLoss> {
  const before = await lastAcceptedLoss(session);
  const record = { seq: (before?.seq ?? 0) + 1, ...loss };
  const outcome = await session.publisher.publish({ subject, bytes: encodeEntry(record) });
  if (outcome.state !== "stored") throw unreachable("recording an accepted loss", outcome.why);
  return record;
}
