import { Fault, type ViewEntry } from "@shoal/core";
import { type HeaderFields, headerNames } from "../connection/message-headers.ts";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { nothingStored, type StoredValue, storedValueOf, streamOfBucket, subjectOfKey } from "./bucket.ts";
import type { RevisionCache } from "./revision-cache.ts";

/** The new value of a key. */
export interface Write {
  /** The log position that it is written for. */
  readonly seq: number;
  /** Undefined removes it. */
  readonly value: ViewEntry | undefined;
  /** The entry; for a removal the marker, which contains the position. */
  readonly bytes: Uint8Array;
}

/** The bucket of writes, and the revisions of earlier ones. */
export interface WritePlace {
  readonly session: NatsSession;
  readonly bucket: string;
  readonly revisionCache: RevisionCache;
  /** Time to live of removal markers. */
  readonly markerMs: number;
}

const removalHeaders = (markerMs: number): HeaderFields => ({
  [headerNames.operation]: "DEL",
  [headerNames.ttl]: `${markerMs / 1_000}s`,
});

/**
 * Writes unless a newer value is stored; resolves in both cases. Every write expects the revision it builds on, so that the newer of
 * two writes wins in any order of arrival. Throws Fault LOG_UNREACHABLE.
 */
export async function writeGuarded(place: WritePlace, key: string, write: Write): Promise<void> {
  const { session, revisionCache } = place;
  const untilAt = session.clock.now() + patienceMs;
  // Most keys are written for the first time: expecting no entry costs less on average than a read.
  let saved: Pick<StoredValue, "revision" | "seq"> = revisionCache.get(key) ?? nothingStored;
  if (saved.seq > write.seq) {
    // A known newer value is gone when the bucket was restored from a backup. Without an entry, its marker has expired.
    saved = await readPatiently(place, { key, untilAt });
    if (saved.revision === 0) return;
  }
  for (;;) {
    if (saved.seq > write.seq) return;
    const outcome = await publish(place, { key, revision: saved.revision }, write);
    if (outcome.state === "stored") return revisionCache.set(key, { revision: outcome.seq, seq: write.seq });
    if (outcome.state === "refused") {
      throw new Fault("LOG_UNSUITABLE", `the server refuses ${key} in bucket ${place.bucket}: ${outcome.why}`);
    }
    const found = outcome.state === "unsent" ? undefined : await readCurrent(place, key);
    if (found !== undefined) {
      revisionCache.set(key, found);
      if (isSame(found, write)) return;
    }
    if (session.clock.now() >= untilAt || session.nc.isClosed())
      throw unreachable(`writing ${key} to ${place.bucket}`, outcome.why);
    // The revision is unchanged: retry shortly, as when another write of this key is in flight on a replicated bucket.
    if (found === undefined || found.revision === saved.revision) await shortPause(session);
    saved = found ?? saved;
  }
}

function publish(place: WritePlace, at: { readonly key: string; readonly revision: number }, write: Write) {
  const expected: HeaderFields = { [headerNames.expectedSubjectSeq]: at.revision };
  const subject = subjectOfKey(place.bucket, at.key);
  return place.session.publisher.publish({
    subject,
    bytes: write.bytes,
    headers: write.value === undefined ? { ...expected, ...removalHeaders(place.markerMs) } : expected,
  });
}

async function readPatiently(
  place: WritePlace,
  { key, untilAt }: { readonly key: string; readonly untilAt: number },
): Promise<StoredValue> {
  const { session, bucket } = place;
  for (;;) {
    const found = await readCurrent(place, key);
    if (found !== undefined) return found;
    if (session.clock.now() >= untilAt || session.nc.isClosed())
      throw unreachable(`reading ${key} in ${bucket}`, "no answer from the server");
    await shortPause(session);
  }
}

async function readCurrent({ session, bucket }: WritePlace, key: string): Promise<StoredValue | undefined> {
  const found = await lastOnSubject(session, streamOfBucket(bucket), subjectOfKey(bucket, key));
  if (found.state === "unknown") return undefined;
  if (found.state === "none") return nothingStored;
  // An unreadable value counts as older than any other and is replaced.
  return storedValueOf(found.message) ?? { ...nothingStored, revision: found.message.seq };
}

// A write whose reply was lost, or the same write by another process.
function isSame(saved: StoredValue, { seq, bytes, value }: Write): boolean {
  return (
    saved.seq === seq &&
    (saved.value === undefined) === (value === undefined) &&
    Buffer.compare(saved.bytes, bytes) === 0
  );
}
