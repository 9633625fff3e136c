import { isEntryKey, type ViewChange, type ViewEntry, type ViewWatch, type ViewWatcher } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import type { DeliveredMessage } from "../stream/read-message.ts";
import { readStream } from "../stream/reading.ts";
import { keyOfSubject, storedValueOf, streamOfBucket, subjectOfKey } from "./bucket.ts";
import { deliveredRevisions } from "./delivered-revisions.ts";

/** What to watch, and the consumer name when restricted permissions allow only one. */
export interface WatchPlace {
  readonly bucket: string;
  readonly pattern: string;
  readonly consumerName?: string;
}

interface BucketWatch {
  readonly place: WatchPlace;
  readonly watcher: ViewWatcher;
  /** Revision and time of every delivered entry that was not removed since: a recreated bucket counts from 1. */
  readonly live: Map<string, string>;
  /** Entries of the previous delivery that the current one has not delivered yet. */
  unseen: Set<string>;
  /** The entries of the start, or of a restart, are still being delivered. */
  isInitial: boolean;
}

/** See ViewStore.watch. After a failure every entry is delivered again, and entries that disappeared without a marker as absent. */
export async function watchBucket(session: NatsSession, place: WatchPlace, watcher: ViewWatcher): Promise<ViewWatch> {
  const watched: BucketWatch = {
    place,
    watcher,
    live: new Map(),
    unseen: new Set(),
    isInitial: true,
  };
  const delivered = deliveredRevisions(session, place);
  const reading = await readStream(session, {
    stream: streamOfBucket(place.bucket),
    filter: subjectOfKey(place.bucket, place.pattern),
    from: { at: "latest" },
    ...(place.consumerName === undefined ? {} : { consumerName: place.consumerName }),
    begins() {
      watched.unseen = new Set(watched.live.keys());
      watched.isInitial = true;
      delivered.reset();
    },
    deliver(message) {
      receive(session, watched, message);
      delivered.advance(message.seq);
    },
    caughtUp() {
      for (const key of watched.unseen) forget(watched, key, absent);
      watched.unseen.clear();
      watched.isInitial = false;
      watcher.ready();
    },
  });
  return {
    caughtUp: () => delivered.caughtUp(),
    async close() {
      delivered.close();
      await reading.close();
    },
  };
}

const absent: ViewChange = { isInitial: true, isAbsent: true, storedAt: 0 };

function receive(session: NatsSession, watched: BucketWatch, message: DeliveredMessage): void {
  const { place, watcher, live, unseen, isInitial } = watched;
  const key = keyOfSubject(place.bucket, message.subject);
  if (!isEntryKey(key)) return;
  unseen.delete(key);
  const version = `${message.seq} ${message.storedAt}`;
  const value = readValue(message);
  if (value === "removed") {
    forget(watched, key, { isInitial, isAbsent: false, storedAt: message.storedAt });
  } else if (value === undefined) {
    session.onProblem(`bucket ${place.bucket}: skipped ${key}, which cannot be read`, "warn");
  } else if (live.get(key) !== version) {
    live.set(key, version);
    watcher.changed(key, value, { isInitial, isAbsent: false, storedAt: message.storedAt });
  }
}

function readValue(message: DeliveredMessage): ViewEntry | "removed" | undefined {
  const saved = storedValueOf(message);
  return saved !== undefined && saved.value === undefined ? "removed" : saved?.value;
}

function forget({ live, watcher }: BucketWatch, key: string, change: ViewChange): void {
  if (live.delete(key)) watcher.changed(key, undefined, change);
}
