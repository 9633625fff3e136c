import { Fault, type Kinds, pause, viewBuckets } from "@shoal/core";
import { buckets } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { askPatiently } from "../connection/server-request.ts";
import { lastSeq } from "../event-log/scan.ts";
import { isMemberKey } from "../leases/lease-table.ts";
import { readToEnd } from "../stream/read-to-end.ts";
import { isRemoval, keyOfSubject, positionKey, storedValueOf, streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { newestKnown } from "../views/newest-known.ts";
import { type AcceptedLoss, recordAcceptedLoss } from "./accepted-loss.ts";

/** Result of an acceptance. */
export interface LossAccepted {
  readonly record: AcceptedLoss;
  /** The number of view entries that were ahead of the log. They are rebuilt from it. */
  readonly removed: number;
}

/**
 * Lets a cluster start on a truncated log: removes view entries and positions behind the log's end, and records that the loss was
 * accepted. It can be repeated after a failure. Requesters rebuild the views from the log.
 * Throws Fault CONFIG_INVALID while a requester runs, LOG_UNREACHABLE.
 */
export async function acceptLoss(session: NatsSession, kinds: Kinds): Promise<LossAccepted> {
  await refuseWhileOneRuns(session);
  const known = await newestKnown(session, kinds);
  const views = viewBuckets(kinds).map(({ name }) => name);
  const endsAt = await lastSeq(session);
  let removed = 0;
  for (const view of views) removed += await forgetAhead(session, view, endsAt);
  // All positions, and last: a bucket without positions is rebuilt from the log.
  for (const view of views) await purge(session, view, positionKey("*"));
  const at = session.clock.now();
  return { record: await recordAcceptedLoss(session, { endsAt, knownSeq: Math.max(known.seq, endsAt), at }), removed };
}

// A dead requester, or one from a backup, is listed for the time to live of a lease; a running requester renews its entry.
const attempts = { count: 10, everyMs: 1_000 } as const;

async function refuseWhileOneRuns(session: NatsSession): Promise<void> {
  let members = await membersNow(session);
  for (let attempt = 1; attempt < attempts.count && members.length > 0; attempt++) {
    await pause(session.clock, attempts.everyMs);
    members = await membersNow(session);
  }
  if (members.length === 0) return;
  const names = members.join(", ");
  throw new Fault("CONFIG_INVALID", `expected no requester to run, got ${names}; stop all of them first`);
}

async function membersNow(session: NatsSession): Promise<readonly string[]> {
  const members: string[] = [];
  await eachStored(session, buckets.shards, (key, seen) => {
    if (isMemberKey(key) && !seen.removed) members.push(key);
  });
  return members;
}

async function forgetAhead(session: NatsSession, bucket: string, endsAt: number): Promise<number> {
  const ahead: string[] = [];
  await eachStored(session, bucket, (key, { seq }) => {
    // A removal has the position of its commit, and would win over older entries.
    if (seq > endsAt) ahead.push(key);
  });
  for (const key of ahead) await purge(session, bucket, key);
  return ahead.length;
}

async function purge(session: NatsSession, bucket: string, key: string): Promise<void> {
  const what = `removing ${key} from the bucket ${bucket}`;
  const subject = `$JS.API.STREAM.PURGE.${streamOfBucket(bucket)}`;
  const answer = await askPatiently(session, what, { subject, body: { filter: subjectOfKey(bucket, key) } });
  if (answer.state !== "ok")
    throw unreachable(what, answer.state === "error" ? answer.why : "the bucket does not exist");
}

/** Reads the stored value of each key of a bucket, removals included. */
async function eachStored(
  session: NatsSession,
  bucket: string,
  emit: (key: string, seen: { readonly seq: number; readonly removed: boolean }) => void,
): Promise<void> {
  await readToEnd(session, {
    stream: streamOfBucket(bucket),
    filter: subjectOfKey(bucket, ">"),
    from: { at: "latest" },
    deliver(message) {
      const saved = storedValueOf(message);
      emit(keyOfSubject(bucket, message.subject), { seq: saved?.seq ?? -1, removed: isRemoval(message) });
    },
  });
}
