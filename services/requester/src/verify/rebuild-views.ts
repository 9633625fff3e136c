import type { EventLog, Kinds, Positions, StoredCommit } from "@shoal/core";
import { shardCount, shardOf } from "@shoal/proto";
import { claimPositions, type Slice } from "./claim-positions.ts";
import { EntryIndex, type StoredEntry } from "./entry-index.ts";
import { aggregateOfEntry, expectedEntries, type PlacedEntry } from "./expected-entries.ts";
import type { Folded } from "./folded.ts";
import { type FoldStep, LogFold } from "./log-fold.ts";
import { type StoredViews, type Stores, viewsOf } from "./stored-views.ts";
import { Writes } from "./writes.ts";

/** The dependencies and the scope of a rebuild. */
export interface RebuildOptions {
  readonly log: Pick<EventLog, "load" | "scan" | "lastSeq">;
  /** The store of each bucket that is rebuilt. */
  readonly stores: Stores;
  readonly positions: Positions;
  readonly kinds: Kinds;
  readonly shard: number | "all";
  /** The buckets to rebuild; each has a store. */
  readonly buckets: readonly string[];
  /**
   * Reads stored bytes, so that an entry in other than canonical bytes is rewritten; entries are compared by content
   * when it is left out.
   */
  readonly views?: StoredViews;
  /** Cancels the rebuild, which throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

/** The progress of a rebuild. */
export interface RebuildProgress extends RebuildSummary {
  /** The position up to which the log has been read. */
  readonly seq: number;
}

/** Result of a rebuild. */
export interface RebuildSummary {
  /** Where the log ended when it began: the views follow the log at least up to here. */
  readonly upTo: number;
  /** The number of entries, by result. */
  readonly written: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Aggregates that cannot be read to their end: their entries show the readable part, and none is removed. */
  readonly stopped: number;
}

// Half of what one connection writes at its best rate (`npm run bench`, bare appends): an owner beside it has the other
// half.
const writesMax = 256;

// Commits between two calls of `onProgress`: some tens of milliseconds.
const progressEvery = 5_000;

// Each pass reads what was appended during the previous one. Reads are ten times as fast as appends, so a few passes
// suffice. Commits after the last pass are younger than the marker of a removal, and no older entry can replace it.
const tailPassesMax = 8;

/**
 * Writes the entries of the named buckets from the log alone, for one shard or all, and removes entries that no
 * aggregate has. Safe beside owners and beside another rebuild: no write replaces a newer entry. It may die at any line
 * and be restarted. Throws Fault LOG_UNREACHABLE, and REVISION_CONFLICT when a bucket was deleted meanwhile.
 */
export async function rebuildViews(options: RebuildOptions): Promise<RebuildSummary> {
  const { log, positions, signal, buckets } = options;
  signal?.throwIfAborted();
  const upTo = await log.lastSeq();
  const claims = await claimPositions(positions, slicesOf(options));
  const index = await EntryIndex.read(options.views ?? viewsOf(options.stores), buckets);
  const rebuild = new Rebuild(options, { index, upTo });
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined); // Possibly only the writes await it.
  const abort = () => aborted.reject(rebuild.stop(signal?.reason));
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([aborted.promise, rebuild.run()]);
    signal?.throwIfAborted();
    await claims.finish(upTo);
    return rebuild.summary();
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

const slicesOf = ({ shard, buckets }: Pick<RebuildOptions, "shard" | "buckets">): readonly Slice[] => {
  const shards = shard === "all" ? Array.from({ length: shardCount }, (_, index) => index) : [shard];
  return buckets.flatMap((bucket) => shards.map((each) => ({ bucket, shard: each })));
};

class Rebuild {
  readonly #options: RebuildOptions;
  readonly #buckets: ReadonlySet<string>;
  readonly #index: EntryIndex;
  readonly #upTo: number;
  readonly #fold: LogFold;
  readonly #writes = new Writes(writesMax);
  readonly #counts = { written: 0, removed: 0, unchanged: 0, stopped: 0 };
  #seq = 0;
  #commits = 0;

  constructor(options: RebuildOptions, { index, upTo }: { readonly index: EntryIndex; readonly upTo: number }) {
    this.#options = options;
    this.#buckets = new Set(options.buckets);
    this.#index = index;
    this.#upTo = upTo;
    this.#fold = new LogFold(options.kinds);
  }

  async run(): Promise<void> {
    const { log } = this.#options;
    let end = await this.#scan(0, ({ after }) => this.#writeSettled(after));
    for await (const step of this.#fold.continued(log, end)) this.#writeSettled(this.#count(step).after);
    for (const folded of this.#fold.inMemory()) {
      this.#write(folded);
      await this.#writes.room();
    }
    await this.#writes.done();
    for (let pass = 0; pass < tailPassesMax; pass++) {
      const from = end;
      end = await this.#scan(from, (step) => this.#change(step));
      for await (const step of this.#fold.continued(log, end)) this.#change(this.#count(step));
      await this.#writes.done();
      if (end === from) break;
    }
    await this.#index.inspect(
      new Set(),
      (stored) => this.#removeUnexpected(stored),
      () => this.#writes.room(),
    );
    await this.#writes.done();
    this.#report();
  }

  /** Starts no further write. */
  stop(reason: unknown): unknown {
    this.#writes.fail(reason);
    return reason;
  }

  summary(): RebuildSummary {
    return { upTo: this.#upTo, ...this.#counts };
  }

  async #scan(afterSeq: number, onStep: (step: FoldStep) => void): Promise<number> {
    const { log, shard, signal } = this.#options;
    const take = (ref: StoredCommit["aggregate"], seq: number, step: () => FoldStep | undefined): void => {
      this.#progress(seq);
      // A message without an aggregate has no entries.
      if (ref.kind === "" || (shard !== "all" && shardOf(ref.id) !== shard)) return;
      const taken = step();
      if (taken !== undefined) onStep(this.#count(taken));
    };
    return await log.scan(afterSeq, (stored) => take(stored.aggregate, stored.seq, () => this.#fold.take(stored)), {
      unreadable: (message) => take(message.aggregate, message.seq, () => this.#fold.unreadable(message)),
      room: () => this.#writes.room(),
      ...(shard === "all" ? {} : { shard }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #count(step: FoldStep): FoldStep {
    if (step.after.stoppedAt !== undefined) this.#counts.stopped += 1;
    return step;
  }

  /** Evicted aggregates are written at once, the others after the fold. */
  #writeSettled(folded: Folded): void {
    if (folded.openSince === undefined && folded.stoppedAt === undefined) this.#write(folded);
  }

  /** Every entry of an aggregate that is not stored as expected. */
  #write(folded: Folded): void {
    for (const placed of expectedEntries(folded, this.#buckets))
      if (this.#index.expect(placed) === "same") this.#counts.unchanged += 1;
      else this.#put(placed);
  }

  /** The commits after the end of the first read: projected as an owner does. */
  #change({ before, after }: FoldStep): void {
    const gone = new Map<string, PlacedEntry>();
    for (const each of expectedEntries(before, this.#buckets)) gone.set(`${each.bucket} ${each.key}`, each);
    for (const placed of expectedEntries(after, this.#buckets)) {
      const place = `${placed.bucket} ${placed.key}`;
      const known = gone.get(place);
      gone.delete(place);
      if (known !== undefined && JSON.stringify(known.entry) === JSON.stringify(placed.entry)) continue;
      this.#index.expect(placed);
      this.#put(placed);
    }
    for (const { bucket, key } of gone.values()) this.#remove(bucket, key, after.aggregate.head.seq);
  }

  /**
   * An entry that no aggregate has. An entry that is newer than the log's end at the start belongs to a later
   * aggregate.
   */
  #removeUnexpected({ bucket, key, isUnexpected, entry }: StoredEntry): void {
    if (!isUnexpected || (entry !== undefined && entry.seq > this.#upTo)) return;
    const { kinds, shard } = this.#options;
    const source = aggregateOfEntry(kinds, { bucket, key, entry });
    if (source === undefined ? shard !== "all" : this.#fold.isStopped(source.id)) return;
    if (source !== undefined && shard !== "all" && shardOf(source.id) !== shard) return;
    this.#remove(bucket, key, entry?.seq ?? this.#upTo);
  }

  #put({ bucket, key, entry }: PlacedEntry): void {
    this.#counts.written += 1;
    this.#writes.add(async () => await this.#options.stores[bucket]?.put(key, entry));
  }

  #remove(bucket: string, key: string, seq: number): void {
    this.#counts.removed += 1;
    this.#writes.add(async () => await this.#options.stores[bucket]?.remove(key, seq));
  }

  #progress(seq: number): void {
    this.#seq = seq;
    this.#commits += 1;
    if (this.#commits % progressEvery === 0) this.#report();
  }

  #report(): void {
    this.#options.onProgress?.({ seq: this.#seq, ...this.summary() });
  }
}
