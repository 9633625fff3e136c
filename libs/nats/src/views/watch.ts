import type { ViewEntry, ViewWatcher } from "@shoal/core";
import type { Written } from "../codec/written.ts";
import type { Link } from "../connection/link.ts";
import type { ReadMessage } from "../intake/intake.ts";
import { type Reading, readStream } from "../stream/reading.ts";
import { keptOf, keyOfSubject, streamOfBucket, subjectOfKey } from "./bucket.ts";

/** What to watch, and under which consumer name when narrow rights allow only one. */
export interface WatchPlace {
  readonly bucket: string;
  readonly pattern: string;
  readonly consumerName?: string;
  /** What this process wrote into the bucket lately. */
  readonly written?: Written<ViewEntry>;
}

interface Watched {
  readonly place: WatchPlace;
  readonly watcher: ViewWatcher;
  /** The revision of every entry that was told and not removed since. */
  readonly live: Map<string, number>;
  /** Entries told before that the present telling has not mentioned yet. */
  unseen: Set<string>;
}

/** See ViewStore.watch. After a break everything is told again, and what vanished meanwhile is told as removed. */
export function watchBucket(link: Link, place: WatchPlace, watcher: ViewWatcher): Promise<Reading> {
  const watched: Watched = { place, watcher, live: new Map(), unseen: new Set() };
  return readStream(link, {
    stream: streamOfBucket(place.bucket),
    filter: subjectOfKey(place.bucket, place.pattern),
    from: { at: "latest" },
    ...(place.consumerName === undefined ? {} : { consumerName: place.consumerName }),
    begins() {
      watched.unseen = new Set(watched.live.keys());
    },
    deliver: (message) => hear(link, watched, message),
    caughtUp() {
      for (const key of watched.unseen) forget(watched, key);
      watched.unseen.clear();
      watcher.ready();
    },
  });
}

function hear(link: Link, watched: Watched, message: ReadMessage): void {
  const { place, watcher, live, unseen } = watched;
  const key = keyOfSubject(place.bucket, message.subject);
  unseen.delete(key);
  const revision = message.seq;
  const value = place.written?.at(message.subject, message.bytes) ?? readValue(message);
  if (value === "removed") {
    forget(watched, key);
  } else if (value === undefined) {
    link.trouble(`bucket ${place.bucket}: ${key} cannot be read and is left out`);
  } else if (live.get(key) !== revision) {
    live.set(key, revision);
    watcher.changed(key, value);
  }
}

function readValue(message: ReadMessage): ViewEntry | "removed" | undefined {
  const kept = keptOf(message);
  return kept !== undefined && kept.value === undefined ? "removed" : kept?.value;
}

function forget({ live, watcher }: Watched, key: string): void {
  if (live.delete(key)) watcher.changed(key, undefined);
}
