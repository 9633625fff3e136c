import type { ViewStore } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import { directGet } from "../stream/direct-get.ts";
import { markerMs } from "../topology/topology-data.ts";
import { storedValueOf, streamOfBucket, subjectOfKey } from "./bucket.ts";
import { encodeEntry } from "./entry-codec.ts";
import { followBucket } from "./follow.ts";
import { writeGuarded } from "./guarded-write.ts";
import { createRevisionCache } from "./revision-cache.ts";
import { watchBucket } from "./watch.ts";
import { writeQueue } from "./write-queue.ts";

export interface ViewStoreOptions {
  readonly bucket: string;
  /** For permissions that allow a single consumer: it limits the store to one watch at a time. */
  readonly consumerName?: string;
  /** Time to live of removal markers, in milliseconds; shorter than the default only in tests. */
  readonly markerMs?: number;
}

/** Creates a view store over a bucket. */
export function createViewStore(session: NatsSession, options: ViewStoreOptions): ViewStore {
  const { bucket } = options;
  const place = { session, bucket, revisionCache: createRevisionCache(), markerMs: options.markerMs ?? markerMs };
  const write = writeQueue((key, one) => writeGuarded(place, key, one));
  return {
    put: (key, value) => write(key, { seq: value.seq, bytes: encodeEntry(value), value }),
    // The marker contains the position, so that a late older value does not restore the entry.
    remove: (key, seq) => write(key, { seq, bytes: encodeEntry({ seq }), value: undefined }),
    async get(key) {
      const message = await directGet(session, streamOfBucket(bucket), subjectOfKey(bucket, key));
      return message === undefined ? undefined : storedValueOf(message)?.value;
    },
    watch: (pattern, watcher) => watchBucket(session, { ...options, pattern }, watcher),
    follow: (after, follower) => followBucket(session, { bucket, after }, follower),
  };
}
