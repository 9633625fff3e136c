import type { ViewEntry, ViewStore } from "@shoal/core";
import { createWritten } from "../codec/written.ts";
import type { Link } from "../connection/link.ts";
import { directGet } from "../stream/direct-get.ts";
import { keptOf, streamOfBucket, subjectOfKey } from "./bucket.ts";
import { encodeEntry } from "./entry-codec.ts";
import { writeGuarded } from "./guarded-write.ts";
import { createRemembered } from "./remembered.ts";
import { watchBucket } from "./watch.ts";
import { writeQueue } from "./write-queue.ts";

/** A bucket as a view store. `consumerName` is for those whose rights allow one consumer only: then one watch at a time. */
export function createViewStore(
  link: Link,
  options: { readonly bucket: string; readonly consumerName?: string },
): ViewStore {
  const { bucket } = options;
  const written = createWritten<ViewEntry>();
  const place = { link, bucket, remembered: createRemembered(), written };
  const write = writeQueue((key, one) => writeGuarded(place, key, one));
  return {
    put: (key, value) => write(key, { seq: value.seq, bytes: encodeEntry(value), value }),
    // The mark keeps the position, so that an older value that arrives late does not come back.
    remove: (key, seq) => write(key, { seq, bytes: encodeEntry({ seq }), value: undefined }),
    async get(key) {
      const message = await directGet(link, streamOfBucket(bucket), subjectOfKey(bucket, key));
      return message === undefined ? undefined : keptOf(message)?.value;
    },
    watch: (pattern, watcher) => watchBucket(link, { ...options, pattern, written }, watcher),
  };
}
