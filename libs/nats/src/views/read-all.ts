import { isEntryKey } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import { readToEnd } from "../stream/read-to-end.ts";
import { isRemoval, keyOfSubject, streamOfBucket, subjectOfKey } from "./bucket.ts";

/** Who is told the entries of a bucket, with the bytes that it keeps. */
export interface BucketReader {
  /** All is told from the beginning, at first and whenever some of it may have been missed. */
  begins(): void;
  /** What a key holds now, and again when it changes meanwhile; nothing where it was removed. Bytes are valid only during the call. */
  deliver(key: string, bytes: Uint8Array | undefined): void;
  /** As for `ScanReader`. */
  room?(): Promise<void> | undefined;
}

/** Delivers every entry of a bucket as it is now. Throws Fault LOG_UNREACHABLE. */
export async function readAll(link: NatsSession, bucket: string, reader: BucketReader): Promise<void> {
  await readToEnd(link, {
    stream: streamOfBucket(bucket),
    filter: subjectOfKey(bucket, ">"),
    from: { at: "latest" },
    ownConnection: true,
    begins: () => reader.begins(),
    deliver(message) {
      const key = keyOfSubject(bucket, message.subject);
      if (isEntryKey(key)) reader.deliver(key, isRemoval(message) ? undefined : message.bytes);
    },
    room: () => reader.room?.(),
  });
}
