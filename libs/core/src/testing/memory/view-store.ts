import { Fault } from "../../fault.ts";
import {
  type BucketPosition,
  isEntryKey,
  type ViewEntry,
  type ViewFollower,
  type ViewFollowing,
  type ViewStore,
  type ViewWatch,
  type ViewWatcher,
} from "../../ports/view-store.ts";
import type { Dice } from "../dice.ts";
import type { Berth, Hearing } from "./berth.ts";
import type { Faults } from "./faults.ts";

/** What a bucket holds: values as JSON, so that nobody shares an object with it. */
interface Kept {
  readonly seq: number;
  /** Undefined where an entry was removed. */
  readonly json: string | undefined;
  /** By the server's clock, milliseconds since the epoch. */
  readonly storedAt: number;
  readonly revision: number;
}

/** A bucket itself, as a server would keep it. */
export interface Bucket {
  readonly name: string;
  readonly kept: ReadonlyMap<string, Kept>;
  /** Another one once the bucket was dropped. */
  id(): string;
  readonly onChanged: Set<(key: string) => void>;
  /** Every watch begins again when it is called. */
  readonly onReset: Set<() => void>;
  /** Keeps it unless something newer is there; without a value it removes. */
  write(key: string, seq: number, value: ViewEntry | undefined): void;
  get(key: string): ViewEntry | undefined;
  /**
   * As after a crash of the server (nats-server issue 8505): where an entry was removed longer ago than `markerMs`, its marker
   * has expired, and the entry's last value is there again as it was stored.
   */
  revive(markerMs: number): void;
  /** Every watch begins again, as after a break of all connections. */
  reset(): void;
  /** Takes a key away without a marker, as a purge of the stream does; no watch is given anything. */
  purge(key: string): void;
  /** Deletes the bucket and makes it again, empty. */
  drop(): void;
}

/** `now` is the server's clock. */
export function createBucket(name: string, now: () => number): Bucket {
  const kept = new Map<string, Kept>();
  /** The last value of every entry that was removed: what the server's files still hold. */
  const buried = new Map<string, Kept>();
  const onChanged = new Set<(key: string) => void>();
  const onReset = new Set<() => void>();
  let [revision, generation] = [0, 1];
  const reset = () => {
    for (const tellAll of onReset) tellAll();
  };
  return {
    name,
    kept,
    id: () => `${name} ${generation}`,
    onChanged,
    onReset,
    write(key, seq, value) {
      const old = kept.get(key);
      if (old !== undefined && old.seq > seq) return;
      if (value === undefined && old?.json !== undefined) buried.set(key, old);
      if (value !== undefined) buried.delete(key);
      // A removal is remembered also where nothing was: what it follows may still be on its way.
      // Last again, as in a stream: a watch that begins anew tells entries in the order of their latest writes.
      kept.delete(key);
      const json = value === undefined ? undefined : JSON.stringify(value);
      kept.set(key, { seq, json, storedAt: now(), revision: ++revision });
      if (old?.json === undefined && value === undefined) return;
      for (const tell of onChanged) tell(key);
    },
    get: (key) => read(kept.get(key)),
    revive(markerMs) {
      for (const [key, { json, storedAt }] of [...kept]) {
        const old = buried.get(key);
        if (json === undefined && old !== undefined && now() - storedAt >= markerMs) kept.set(key, old);
      }
      reset();
    },
    reset,
    purge: (key) => void kept.delete(key),
    drop() {
      kept.clear();
      buried.clear();
      revision = 0;
      generation += 1;
      reset();
    },
  };
}

/** Everything that stands in a bucket, without what is the bucket's own. */
export function entriesOf(bucket: Bucket): ReadonlyMap<string, ViewEntry> {
  const entries = new Map<string, ViewEntry>();
  for (const [key, kept] of bucket.kept) {
    const value = isEntryKey(key) ? read(kept) : undefined;
    if (value !== undefined) entries.set(key, value);
  }
  return entries;
}

const read = (kept: Kept | undefined): ViewEntry | undefined =>
  kept?.json === undefined ? undefined : JSON.parse(kept.json);

/** What decides how often a watch begins again. */
interface Restarts {
  readonly dice: Dice;
  readonly faults: () => Faults;
}

/** A bucket as one process reaches it. */
export function memoryViewStore(berth: Berth, bucket: Bucket, restarts: Restarts): ViewStore {
  return {
    put: (key, value) => berth.exchange(`${bucket.name}.${key}`, () => bucket.write(key, value.seq, value)),
    remove: (key, seq) => berth.exchange(`${bucket.name}.${key}`, () => bucket.write(key, seq, undefined)),
    get: (key) => berth.exchange("get", () => bucket.get(key)),
    async watch(pattern, watcher) {
      const hearing = berth.hearing();
      const tellAll = await berth.exchange("watch", () => openWatch(hearing, bucket, { pattern, watcher }));
      const forget = berth.onRejoined(() => {
        if (restarts.dice.chance(restarts.faults().watchRestarted)) tellAll();
      });
      hearing.onClosed(forget);
      return watchOver(berth, hearing);
    },
    async follow(after, follower) {
      const hearing = berth.hearing();
      const begin = await berth.exchange("watch", () => openFollowing(hearing, bucket, { after, follower }));
      const forget = berth.onRejoined(() => {
        if (restarts.dice.chance(restarts.faults().watchRestarted)) begin();
      });
      hearing.onClosed(forget);
      return followOver(berth, hearing, { bucket, beginAgain: () => begin("all") });
    },
  };
}

function followOver(
  berth: Berth,
  hearing: Hearing,
  { bucket, beginAgain }: { readonly bucket: Bucket; readonly beginAgain: () => void },
): ViewFollowing {
  const count = () => [...bucket.kept.keys()].filter(isEntryKey).length;
  return { ...watchOver(berth, hearing), size: () => berth.exchange("get", count), beginAgain };
}

function watchOver(berth: Berth, hearing: Hearing): ViewWatch {
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => undefined); // Whether anything waits for it or not.
  hearing.onClosed(() => closed.reject(new Fault("LOG_UNREACHABLE", "the watch is closed")));
  return {
    async caughtUp() {
      // What is pushed now arrives behind everything that was stored before.
      const told = Promise.withResolvers<void>();
      await Promise.race([closed.promise, berth.exchange("watch", () => hearing.push(told.resolve))]);
      await Promise.race([closed.promise, told.promise]);
    },
    close: async () => hearing.close(),
  };
}

interface Watching {
  readonly pattern: string;
  readonly watcher: ViewWatcher;
}

/** Tells what is there and then what changes; the answer tells everything again, and what vanished meanwhile. */
function openWatch(hearing: Hearing, bucket: Bucket, { pattern, watcher }: Watching): () => void {
  const matches = matcherOf(pattern);
  /** Keys that were told and not removed since. */
  const told = new Set<string>();
  const tell = (key: string, isInitial: boolean): void => {
    if (!isEntryKey(key) || !matches(key)) return;
    const value = bucket.get(key);
    const storedAt = bucket.kept.get(key)?.storedAt;
    if (value === undefined) told.delete(key);
    else told.add(key);
    const change = { isInitial, isAbsent: storedAt === undefined, storedAt: storedAt ?? 0 };
    hearing.push(() => watcher.changed(key, value, change));
  };
  const tellAll = (): void => {
    for (const key of bucket.kept.keys()) if (bucket.get(key) !== undefined) tell(key, true);
    for (const key of [...told]) if (bucket.get(key) === undefined) tell(key, true);
    hearing.push(() => watcher.ready());
  };
  const tellChange = (key: string) => tell(key, false);
  tellAll();
  bucket.onChanged.add(tellChange);
  bucket.onReset.add(tellAll);
  hearing.onClosed(() => {
    bucket.onChanged.delete(tellChange);
    bucket.onReset.delete(tellAll);
  });
  return tellAll;
}

interface FollowingOf {
  readonly after: BucketPosition | undefined;
  readonly follower: ViewFollower;
}

/**
 * Delivers what is behind a position and then what changes. The answer goes on behind what has been pushed, or delivers everything
 * again; a bucket that was dropped begins again.
 */
function openFollowing(
  hearing: Hearing,
  bucket: Bucket,
  { after, follower }: FollowingOf,
): (how?: "behind" | "all") => void {
  let pushed = after;
  const push = (key: string, { revision }: Kept): void => {
    const value = bucket.get(key);
    pushed = { bucketId: bucket.id(), revision };
    if (isEntryKey(key)) hearing.push(() => follower.changed(key, value, revision));
  };
  const begin = (how: "behind" | "all" = "behind"): void => {
    const bucketId = bucket.id();
    const from = how === "behind" && pushed?.bucketId === bucketId ? pushed.revision : undefined;
    if (from === undefined) hearing.push(() => follower.begins(bucketId));
    pushed = { bucketId, revision: from ?? 0 };
    for (const [key, kept] of bucket.kept) if (kept.revision > (from ?? 0)) push(key, kept);
    hearing.push(() => follower.caughtUp());
  };
  const pushChange = (key: string): void => {
    const kept = bucket.kept.get(key);
    if (kept !== undefined) push(key, kept);
  };
  const onReset = () => begin();
  begin();
  bucket.onChanged.add(pushChange);
  bucket.onReset.add(onReset);
  hearing.onClosed(() => {
    bucket.onChanged.delete(pushChange);
    bucket.onReset.delete(onReset);
  });
  return begin;
}

/** `*` stands for one token, `>` at the end for one or more. */
function matcherOf(pattern: string): (key: string) => boolean {
  const wanted = pattern.split(".");
  return (key) => {
    const found = key.split(".");
    if (wanted.at(-1) === ">" ? found.length < wanted.length : found.length !== wanted.length) return false;
    return wanted.every((token, index) => token === "*" || token === ">" || token === found[index]);
  };
}
