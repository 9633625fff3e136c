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
import type { Prng } from "../prng.ts";
import type { Faults } from "./faults.ts";
import type { PushChannel, SimulatedProcess } from "./simulated-process.ts";

/** The value of a bucket's key as JSON, so that readers share no object with the bucket. */
interface StoredValue {
  readonly seq: number;
  /** Undefined where an entry was removed. */
  readonly json: string | undefined;
  /** By the server's clock, milliseconds since the epoch. */
  readonly storedAt: number;
  readonly revision: number;
}

/** The bucket of the server. */
export interface Bucket {
  readonly name: string;
  readonly saved: ReadonlyMap<string, StoredValue>;
  /** Changes when the bucket is dropped. */
  id(): string;
  readonly onChanged: Set<(key: string) => void>;
  /** Calls back when every watch has to begin again. */
  readonly onReset: Set<() => void>;
  /** Stores the entry unless a newer one is stored; without a value it removes. */
  write(key: string, seq: number, value: ViewEntry | undefined): void;
  get(key: string): ViewEntry | undefined;
  /**
   * As after a crash of the server (nats-server issue 8505): where an entry was removed longer ago than `markerMs`, its marker
   * has expired, and the entry's last value reappears as it was stored.
   */
  revive(markerMs: number): void;
  /** Every watch begins again, as after a disconnect of all connections. */
  reset(): void;
  /** Removes a key without a marker, as a purge of the stream does; no watch is notified. */
  purge(key: string): void;
  /** Deletes the bucket and creates it again, empty. */
  drop(): void;
}

/** `now` is the server's clock. */
export function createBucket(name: string, now: () => number): Bucket {
  const saved = new Map<string, StoredValue>();
  /** The last value of every removed entry: the server's files still have it. */
  const buried = new Map<string, StoredValue>();
  const onChanged = new Set<(key: string) => void>();
  const onReset = new Set<() => void>();
  let [revision, generation] = [0, 1];
  const reset = () => {
    for (const emitAll of onReset) emitAll();
  };
  return {
    name,
    saved,
    id: () => `${name} ${generation}`,
    onChanged,
    onReset,
    write(key, seq, value) {
      const old = saved.get(key);
      if (old !== undefined && old.seq > seq) return;
      if (value === undefined && old?.json !== undefined) buried.set(key, old);
      if (value !== undefined) buried.delete(key);
      // A removal is stored also where no entry was: an older write may still arrive.
      // Moves the key to the end, as in a stream: a new watch delivers entries in the order of their latest writes.
      saved.delete(key);
      const json = value === undefined ? undefined : JSON.stringify(value);
      saved.set(key, { seq, json, storedAt: now(), revision: ++revision });
      if (old?.json === undefined && value === undefined) return;
      for (const emit of onChanged) emit(key);
    },
    get: (key) => read(saved.get(key)),
    revive(markerMs) {
      for (const [key, { json, storedAt }] of [...saved]) {
        const old = buried.get(key);
        if (json === undefined && old !== undefined && now() - storedAt >= markerMs) saved.set(key, old);
      }
      reset();
    },
    reset,
    purge: (key) => void saved.delete(key),
    drop() {
      saved.clear();
      buried.clear();
      revision = 0;
      generation += 1;
      reset();
    },
  };
}

/** Every entry of a bucket, without the bucket's own keys. */
export function entriesOf(bucket: Bucket): ReadonlyMap<string, ViewEntry> {
  const entries = new Map<string, ViewEntry>();
  for (const [key, saved] of bucket.saved) {
    const value = isEntryKey(key) ? read(saved) : undefined;
    if (value !== undefined) entries.set(key, value);
  }
  return entries;
}

const read = (saved: StoredValue | undefined): ViewEntry | undefined =>
  saved?.json === undefined ? undefined : JSON.parse(saved.json);

/** What determines how often a watch begins again. */
interface Restarts {
  readonly prng: Prng;
  readonly faults: () => Faults;
}

/** The bucket port of one process. */
export function memoryViewStore(proc: SimulatedProcess, bucket: Bucket, restarts: Restarts): ViewStore {
  return {
    put: (key, value) => proc.exchange(`${bucket.name}.${key}`, () => bucket.write(key, value.seq, value)),
    remove: (key, seq) => proc.exchange(`${bucket.name}.${key}`, () => bucket.write(key, seq, undefined)),
    get: (key) => proc.exchange("get", () => bucket.get(key)),
    async watch(pattern, watcher) {
      const pushChannel = proc.pushChannel();
      const emitAll = await proc.exchange("watch", () => openWatch(pushChannel, bucket, { pattern, watcher }));
      const forget = proc.onRejoined(() => {
        if (restarts.prng.happens(restarts.faults().watchRestarted)) emitAll();
      });
      pushChannel.onClosed(forget);
      return watchOver(proc, pushChannel);
    },
    async follow(after, follower) {
      const pushChannel = proc.pushChannel();
      const begin = await proc.exchange("watch", () => openFollowing(pushChannel, bucket, { after, follower }));
      const forget = proc.onRejoined(() => {
        if (restarts.prng.happens(restarts.faults().watchRestarted)) begin();
      });
      pushChannel.onClosed(forget);
      return followOver(proc, pushChannel, { bucket, beginAgain: () => begin("all") });
    },
  };
}

function followOver(
  proc: SimulatedProcess,
  pushChannel: PushChannel,
  { bucket, beginAgain }: { readonly bucket: Bucket; readonly beginAgain: () => void },
): ViewFollowing {
  const count = () => [...bucket.saved.keys()].filter(isEntryKey).length;
  return { ...watchOver(proc, pushChannel), size: () => proc.exchange("get", count), beginAgain };
}

function watchOver(proc: SimulatedProcess, pushChannel: PushChannel): ViewWatch {
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => undefined); // The promise may have no listener.
  pushChannel.onClosed(() => closed.reject(new Fault("LOG_UNREACHABLE", "the watch is closed")));
  return {
    async caughtUp() {
      // A message pushed now arrives after everything that was stored before.
      const collected = Promise.withResolvers<void>();
      await Promise.race([closed.promise, proc.exchange("watch", () => pushChannel.push(collected.resolve))]);
      await Promise.race([closed.promise, collected.promise]);
    },
    close: async () => pushChannel.close(),
  };
}

interface Watching {
  readonly pattern: string;
  readonly watcher: ViewWatcher;
}

/** Delivers the stored entries and then every change; the result delivers everything again, and removals in between. */
function openWatch(pushChannel: PushChannel, bucket: Bucket, { pattern, watcher }: Watching): () => void {
  const matches = matcherOf(pattern);
  /** Keys that were delivered and not removed since. */
  const collected = new Set<string>();
  const emit = (key: string, isInitial: boolean): void => {
    if (!isEntryKey(key) || !matches(key)) return;
    const value = bucket.get(key);
    const storedAt = bucket.saved.get(key)?.storedAt;
    if (value === undefined) collected.delete(key);
    else collected.add(key);
    const change = { isInitial, isAbsent: storedAt === undefined, storedAt: storedAt ?? 0 };
    pushChannel.push(() => watcher.changed(key, value, change));
  };
  const emitAll = (): void => {
    for (const key of bucket.saved.keys()) if (bucket.get(key) !== undefined) emit(key, true);
    for (const key of [...collected]) if (bucket.get(key) === undefined) emit(key, true);
    pushChannel.push(() => watcher.ready());
  };
  const emitChange = (key: string) => emit(key, false);
  emitAll();
  bucket.onChanged.add(emitChange);
  bucket.onReset.add(emitAll);
  pushChannel.onClosed(() => {
    bucket.onChanged.delete(emitChange);
    bucket.onReset.delete(emitAll);
  });
  return emitAll;
}

interface FollowingOf {
  readonly after: BucketPosition | undefined;
  readonly follower: ViewFollower;
}

/**
 * Delivers what is after a position and then every change. The result continues after what has been pushed, or delivers everything
 * again; a dropped bucket begins again.
 */
function openFollowing(
  pushChannel: PushChannel,
  bucket: Bucket,
  { after, follower }: FollowingOf,
): (how?: "behind" | "all") => void {
  let pushed = after;
  const push = (key: string, { revision }: StoredValue): void => {
    const value = bucket.get(key);
    pushed = { bucketId: bucket.id(), revision };
    if (isEntryKey(key)) pushChannel.push(() => follower.changed(key, value, revision));
  };
  const begin = (how: "behind" | "all" = "behind"): void => {
    const bucketId = bucket.id();
    const from = how === "behind" && pushed?.bucketId === bucketId ? pushed.revision : undefined;
    if (from === undefined) pushChannel.push(() => follower.begins(bucketId));
    pushed = { bucketId, revision: from ?? 0 };
    for (const [key, saved] of bucket.saved) if (saved.revision > (from ?? 0)) push(key, saved);
    pushChannel.push(() => follower.caughtUp());
  };
  const pushChange = (key: string): void => {
    const saved = bucket.saved.get(key);
    if (saved !== undefined) push(key, saved);
  };
  const onReset = () => begin();
  begin();
  bucket.onChanged.add(pushChange);
  bucket.onReset.add(onReset);
  pushChannel.onClosed(() => {
    bucket.onChanged.delete(pushChange);
    bucket.onReset.delete(onReset);
  });
  return begin;
}

/** `*` matches one token, `>` at the end one or more. */
function matcherOf(pattern: string): (key: string) => boolean {
  const expected = pattern.split(".");
  return (key) => {
    const found = key.split(".");
    if (expected.at(-1) === ">" ? found.length < expected.length : found.length !== expected.length) return false;
    return expected.every((token, index) => token === "*" || token === ">" || token === found[index]);
  };
}
