import { isEntryKey, type Kinds, viewBuckets } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import type { ReadFrom } from "../stream/consumer.ts";
import { readToEnd } from "../stream/read-to-end.ts";
import { streamLastSeq } from "../stream/stream-info.ts";
import { keyOfSubject, positionKey, type StoredValue, storedValueOf, streamOfBucket, subjectOfKey } from "./bucket.ts";

/** A position of the log, and the view that contains it. */
export interface KnownPosition {
  readonly seq: number;
  /** Such as "the view jobs". */
  readonly by: string;
}

// The writes of about a second at the fastest rate measured: views are written in log order except within that time.
const writesMax = 1_000;

/** The latest position of the log in a view's position or in one of its last writes. Throws Fault LOG_UNREACHABLE. */
export async function newestKnown(session: NatsSession, kinds: Kinds): Promise<KnownPosition> {
  const all = await Promise.all(
    viewBuckets(kinds).flatMap(({ name }) => [newestEntry(session, name), newestPosition(session, name)]),
  );
  return all.reduce((one, other) => (other.seq > one.seq ? other : one));
}

async function newestEntry(session: NatsSession, bucket: string): Promise<KnownPosition> {
  let seq = 0;
  const behind = Math.max(0, (await streamLastSeq(session, streamOfBucket(bucket))) - writesMax);
  await read(session, { bucket, pattern: ">", from: { at: "behind", seq: behind } }, ({ key, saved }) => {
    if (isEntryKey(key) && saved !== undefined) seq = Math.max(seq, saved.seq);
  });
  return { seq, by: `the view ${bucket}` };
}

async function newestPosition(session: NatsSession, bucket: string): Promise<KnownPosition> {
  let seq = 0;
  await read(session, { bucket, pattern: positionKey("*"), from: { at: "latest" } }, ({ bytes }) => {
    seq = Math.max(seq, eventsSeqIn(bytes));
  });
  return { seq, by: `the position of the view ${bucket}` };
}

/** The log position in a view's position; 0 when it cannot be read. */
function eventsSeqIn(bytes: Uint8Array): number {
  try {
    return Number(JSON.parse(Buffer.from(bytes).toString()).eventsSeq) || 0;
  } catch {
    return 0;
  }
}

interface SeqRange {
  readonly bucket: string;
  readonly pattern: string;
  readonly from: ReadFrom;
}

interface ReadKey {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Undefined when the message is neither an entry nor a removal marker. */
  readonly saved: StoredValue | undefined;
}

/** Delivers the messages of a bucket up to its current end. */
async function read(
  session: NatsSession,
  { bucket, pattern, from }: SeqRange,
  deliver: (found: ReadKey) => void,
): Promise<void> {
  await readToEnd(session, {
    stream: streamOfBucket(bucket),
    filter: subjectOfKey(bucket, pattern),
    from,
    deliver(message) {
      const key = keyOfSubject(bucket, message.subject);
      deliver({ key, bytes: message.bytes, saved: storedValueOf(message) });
    },
  });
}
