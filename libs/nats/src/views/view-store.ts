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
  /** For those whose rights allow one consumer only: then one watch at a time. */
  readonly consumerName?: string;
  /** How long a removed entry is remembered, milliseconds; shorter than usual only in tests. */
  readonly markerMs?: number;
}

/** A bucket as a view store. */
export function createViewStore(link: NatsSession, options: ViewStoreOptions): ViewStore {
  const { bucket } = options;
  const place = { link, bucket, revisionCache: createRevisionCache(), markerMs: options.markerMs ?? markerMs };
  const write = writeQueue((key, one) => writeGuarded(place, key, one));
  return {
    put: (key, value) => write(key, { seq: value.seq, bytes: encodeEntry(value), value }),
    // The mark keeps the position, so that an older value that arrives late does not come back.
    remove: (key, seq) => write(key, { seq, bytes: encodeEntry({ seq }), value: undefined }),
    async get(key) {
      const message = await directGet(link, streamOfBucket(bucket), subjectOfKey(bucket, key));
      return message === undefined ? undefined : storedValueOf(message)?.value;
    },
    watch: (pattern, watcher) => watchBucket(link, { ...options, pattern }, watcher),
    follow: (after, follower) => followBucket(link, { bucket, after }, follower),
  };
}
