import { buckets } from "@shoal/proto";
import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { storedValueOf, streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { encodeEntry } from "../views/entry-codec.ts";

const AcceptedLoss = z.object({
  /** Names this acceptance; grows with each. */
  seq: z.number(),
  /** Where the log ended then. */
  endsAt: z.number(),
  /** The latest position that anything knew of. */
  knownSeq: z.number(),
  /** When it was accepted, milliseconds since the epoch. */
  at: z.number(),
});

/** The record that an operator goes on with a log that was cut. */
export type AcceptedLoss = z.infer<typeof AcceptedLoss>;

// Beside the leases, in the one bucket that is no view.
const key = "_accepted-loss";
const subject = subjectOfKey(buckets.shards, key);

/** The latest acceptance; undefined when there was none. Throws Fault LOG_UNREACHABLE. */
export async function lastAcceptedLoss(link: NatsSession): Promise<AcceptedLoss | undefined> {
  const look = await lastOnSubject(link, streamOfBucket(buckets.shards), subject);
  if (look.state === "unknown") throw unreachable("reading what loss was accepted", look.why);
  const saved = look.state === "there" ? AcceptedLoss.safeParse(storedValueOf(look.message)?.value) : undefined;
  return saved?.success === true ? saved.data : undefined;
}

/** Records an acceptance behind all before. Throws Fault LOG_UNREACHABLE. */
export async function recordAcceptedLoss(link: NatsSession, loss: Omit<AcceptedLoss, "seq">): Promise<AcceptedLoss> {
  const before = await lastAcceptedLoss(link);
  const record = { seq: (before?.seq ?? 0) + 1, ...loss };
  const outcome = await link.publisher.publish({ subject, bytes: encodeEntry(record) });
  if (outcome.state !== "stored") throw unreachable("recording that a loss is accepted", outcome.why);
  return record;
}
