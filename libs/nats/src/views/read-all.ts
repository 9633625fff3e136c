import { isEntryKey } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import { readToEnd } from "../stream/read-to-end.ts";
import { isRemoval, keyOfSubject, streamOfBucket, subjectOfKey } from "./bucket.ts";

/** Receives the entries of a bucket with their stored bytes. */
export interface BucketReader {
  /** Called before the delivery starts from the beginning: at first, and whenever entries may have been missed. */
  begins(): void;
  /** The value of a key, repeated when it changes meanwhile; undefined when it was removed. Bytes are valid only during the call. */
  deliver(key: string, bytes: Uint8Array | undefined): void;
  /** As for `ScanReader`. */
  room?(): Promise<void> | undefined;
}

/** Delivers every current entry of a bucket. Throws Fault LOG_UNREACHABLE. */
export async function readAll(session: NatsSession, bucket: string, reader: BucketReader): Promise<void> {
  await readToEnd(session, {
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
