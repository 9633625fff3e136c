import { buckets } from "@shoal/proto";
import { type Link, unreachable } from "../connection/link.ts";
import { readStream } from "../stream/reading.ts";
import { streamLastSeq } from "../stream/stream-info.ts";
import { keptOf, keyOfSubject, streamOfBucket, subjectOfKey } from "./bucket.ts";
import { decodeEntry } from "./entry-codec.ts";

/** A position of the log, and who knows of it. */
export interface KnownPosition {
  readonly seq: number;
  /** Such as "a checkpoint". */
  readonly by: string;
}

// The writes of about a second at the fastest rate measured: views follow the log in its order but for that much.
const writesMax = 1_000;

const views = [buckets.jobs, buckets.nodes, buckets.assignments, buckets.open] as const;

/** The latest position of the log of which a checkpoint or one of the last writes of a view knows. Throws Fault LOG_UNREACHABLE. */
export async function newestKnown(link: Link): Promise<KnownPosition> {
  const all = await Promise.all([newestCheckpoint(link), ...views.map((view) => newestEntry(link, view))]);
  return all.reduce((one, other) => (other.seq > one.seq ? other : one));
}

async function newestCheckpoint(link: Link): Promise<KnownPosition> {
  let seq = 0;
  await readLast(link, buckets.checkpoints, (_key, bytes) => {
    const eventsSeq = decodeEntry(bytes)?.["eventsSeq"];
    if (typeof eventsSeq === "number") seq = Math.max(seq, eventsSeq);
  });
  return { seq, by: "a checkpoint" };
}

async function newestEntry(link: Link, view: string): Promise<KnownPosition> {
  let seq = 0;
  await readLast(link, view, (_key, _bytes, position) => {
    seq = Math.max(seq, position);
  });
  return { seq, by: `the view ${view}` };
}

/** Tells the last writes of a bucket: key, bytes, and the log position behind each. Entries that are no part of a view are left out. */
async function readLast(
  link: Link,
  bucket: string,
  tell: (key: string, bytes: Uint8Array, seq: number) => void,
): Promise<void> {
  const stream = streamOfBucket(bucket);
  const behind = Math.max(0, (await streamLastSeq(link, stream)) - writesMax);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reading = await readStream(link, {
    stream,
    filter: subjectOfKey(bucket, ">"),
    from: { at: "behind", seq: behind },
    inOneGo: true,
    deliver(message) {
      const key = keyOfSubject(bucket, message.subject);
      const kept = keptOf(message);
      if (kept !== undefined) tell(key, kept.bytes, kept.seq);
    },
    caughtUp: resolve,
  });
  link.nc.closed().then(() => reject(unreachable(`reading bucket ${bucket}`, "the connection was closed")));
  await promise.finally(() => reading.close());
}
