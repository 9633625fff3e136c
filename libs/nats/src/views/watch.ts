import type { ViewChange, ViewEntry, ViewWatch, ViewWatcher } from "@shoal/core";
import { type Link, unreachable } from "../connection/link.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import type { DeliveredMessage } from "../intake/intake.ts";
import { readStream } from "../stream/reading.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { isPositionKey, keptOf, keyOfSubject, streamOfBucket, subjectOfKey } from "./bucket.ts";

/** What to watch, and under which consumer name when narrow rights allow only one. */
export interface WatchPlace {
  readonly bucket: string;
  readonly pattern: string;
  readonly consumerName?: string;
}

interface Watched {
  readonly place: WatchPlace;
  readonly watcher: ViewWatcher;
  /** The revision of every entry that was told and not removed since. */
  readonly live: Map<string, number>;
  /** Entries told before that the present telling has not mentioned yet. */
  unseen: Set<string>;
  /** What was there when the watch began, or began again, is still being told. */
  isInitial: boolean;
  /**
   * The greatest revision that was delivered. Each run of the reading delivers in rising order and misses nothing that is newer
   * than what the run before delivered, so everything up to here has been told.
   */
  toldUpTo: number;
  /** Called with every delivery, and when the watch is closed. */
  readonly onTold: Set<() => void>;
  closed: boolean;
}

/** See ViewStore.watch. After a break everything is told again, and what vanished meanwhile without a marker is told as absent. */
export async function watchBucket(link: Link, place: WatchPlace, watcher: ViewWatcher): Promise<ViewWatch> {
  const watched: Watched = {
    place,
    watcher,
    live: new Map(),
    unseen: new Set(),
    isInitial: true,
    toldUpTo: 0,
    onTold: new Set(),
    closed: false,
  };
  const reading = await readStream(link, {
    stream: streamOfBucket(place.bucket),
    filter: subjectOfKey(place.bucket, place.pattern),
    from: { at: "latest" },
    ...(place.consumerName === undefined ? {} : { consumerName: place.consumerName }),
    begins() {
      watched.unseen = new Set(watched.live.keys());
      watched.isInitial = true;
    },
    deliver(message) {
      hear(link, watched, message);
      watched.toldUpTo = Math.max(watched.toldUpTo, message.seq);
      for (const look of watched.onTold) look();
    },
    caughtUp() {
      for (const key of watched.unseen) forget(watched, key, absent);
      watched.unseen.clear();
      watched.isInitial = false;
      watcher.ready();
    },
  });
  return {
    caughtUp: () => caughtUp(link, watched),
    async close() {
      watched.closed = true;
      for (const wake of watched.onTold) wake();
      await reading.close();
    },
  };
}

// How long a delivery is waited for before the leader is asked again: the message may have expired meanwhile, and never comes.
const askAgainMs = 500;

/** See ViewWatch.caughtUp. */
async function caughtUp(link: Link, watched: Watched): Promise<void> {
  const { bucket, pattern } = watched.place;
  const untilAt = link.clock.now() + patienceMs;
  for (;;) {
    const look = await lastOnSubject(link, streamOfBucket(bucket), subjectOfKey(bucket, pattern));
    if (watched.closed) throw unreachable(`watching bucket ${bucket}`, "the watch is closed");
    if (look.state === "none") return;
    if (look.state === "there" && (await toldWithin(link, watched, look.message.seq))) return;
    const why = look.state === "unknown" ? look.why : `no revision ${look.message.seq} was delivered`;
    if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(`watching bucket ${bucket}`, why);
    if (look.state === "unknown") await shortPause(link);
  }
}

/** Whether a revision is told before it is worth asking the leader again. */
async function toldWithin({ clock }: Link, watched: Watched, revision: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => (watched.toldUpTo >= revision || watched.closed ? resolve() : undefined);
  watched.onTold.add(look);
  const cancel = clock.at(clock.now() + askAgainMs, resolve);
  look();
  await promise;
  cancel();
  watched.onTold.delete(look);
  return watched.toldUpTo >= revision;
}

const absent: ViewChange = { isInitial: true, isAbsent: true, storedAt: 0 };

function hear(link: Link, watched: Watched, message: DeliveredMessage): void {
  const { place, watcher, live, unseen, isInitial } = watched;
  const key = keyOfSubject(place.bucket, message.subject);
  if (isPositionKey(key)) return;
  unseen.delete(key);
  const revision = message.seq;
  const value = readValue(message);
  if (value === "removed") {
    forget(watched, key, { isInitial, isAbsent: false, storedAt: message.storedAt });
  } else if (value === undefined) {
    link.trouble(`bucket ${place.bucket}: ${key} cannot be read and is left out`, "warn");
  } else if (live.get(key) !== revision) {
    live.set(key, revision);
    watcher.changed(key, value, { isInitial, isAbsent: false, storedAt: message.storedAt });
  }
}

function readValue(message: DeliveredMessage): ViewEntry | "removed" | undefined {
  const kept = keptOf(message);
  return kept !== undefined && kept.value === undefined ? "removed" : kept?.value;
}

function forget({ live, watcher }: Watched, key: string, change: ViewChange): void {
  if (live.delete(key)) watcher.changed(key, undefined, change);
}
