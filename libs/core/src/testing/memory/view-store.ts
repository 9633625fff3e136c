import { Fault } from "../../fault.ts";
import type { ViewEntry, ViewStore, ViewWatch, ViewWatcher } from "../../ports/view-store.ts";
import type { Dice } from "../dice.ts";
import type { Berth, Hearing } from "./berth.ts";
import type { Faults } from "./faults.ts";

/** What a bucket holds: values as JSON, so that nobody shares an object with it. */
interface Kept {
  readonly seq: number;
  /** Undefined where an entry was removed. */
  readonly json: string | undefined;
}

/** A bucket itself, as a server would keep it. */
export interface Bucket {
  readonly name: string;
  readonly kept: ReadonlyMap<string, Kept>;
  readonly onChanged: Set<(key: string) => void>;
  /** Keeps it unless something newer is there; without a value it removes. */
  write(key: string, seq: number, value: ViewEntry | undefined): void;
  get(key: string): ViewEntry | undefined;
}

export function createBucket(name: string): Bucket {
  const kept = new Map<string, Kept>();
  const onChanged = new Set<(key: string) => void>();
  return {
    name,
    kept,
    onChanged,
    write(key, seq, value) {
      const old = kept.get(key);
      if (old !== undefined && old.seq > seq) return;
      // A removal is remembered also where nothing was: what it follows may still be on its way.
      // Last again, as in a stream: a watch that begins anew tells entries in the order of their latest writes.
      kept.delete(key);
      kept.set(key, { seq, json: value === undefined ? undefined : JSON.stringify(value) });
      if (old?.json === undefined && value === undefined) return;
      for (const tell of onChanged) tell(key);
    },
    get: (key) => read(kept.get(key)),
  };
}

/** Everything that stands in a bucket. */
export function entriesOf(bucket: Bucket): ReadonlyMap<string, ViewEntry> {
  const entries = new Map<string, ViewEntry>();
  for (const [key, kept] of bucket.kept) {
    const value = read(kept);
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
  };
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

/** Tells what is there and then what changes; the answer tells everything again. */
function openWatch(hearing: Hearing, bucket: Bucket, { pattern, watcher }: Watching): () => void {
  const matches = matcherOf(pattern);
  const tell = (key: string): void => {
    if (!matches(key)) return;
    const value = bucket.get(key);
    hearing.push(() => watcher.changed(key, value));
  };
  const tellAll = (): void => {
    for (const key of bucket.kept.keys()) if (bucket.get(key) !== undefined) tell(key);
    hearing.push(() => watcher.ready());
  };
  tellAll();
  bucket.onChanged.add(tell);
  hearing.onClosed(() => bucket.onChanged.delete(tell));
  return tellAll;
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
