import type { Link } from "../connection/link.ts";
import { unreachable } from "../connection/link.ts";
import { readStream } from "../stream/reading.ts";
import { isRemoval, keyOfSubject, streamOfBucket, subjectOfKey } from "./bucket.ts";

/** An entry with the bytes that the bucket keeps, to be compared byte for byte. */
export interface RawEntry {
  readonly key: string;
  readonly revision: number;
  readonly bytes: Uint8Array;
}

/** Every entry of a bucket as it stands now, in order of key. Throws Fault LOG_UNREACHABLE. */
export async function readAll(link: Link, bucket: string): Promise<readonly RawEntry[]> {
  const entries = new Map<string, RawEntry>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const reading = await readStream(link, {
    stream: streamOfBucket(bucket),
    filter: subjectOfKey(bucket, ">"),
    from: { at: "latest" },
    begins: () => entries.clear(),
    deliver(message) {
      const key = keyOfSubject(bucket, message.subject);
      if (isRemoval(message)) entries.delete(key);
      else entries.set(key, { key, revision: message.seq, bytes: new Uint8Array(message.bytes) });
    },
    caughtUp: resolve,
  });
  link.nc.closed().then(() => reject(unreachable(`reading bucket ${bucket}`, "the connection was closed")));
  await promise.finally(() => reading.close());
  return [...entries.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}
