import type { ViewEntry } from "@shoal/core";
import { buckets } from "@shoal/proto";
import { type DigestMatch, DigestTable } from "./digest-table.ts";
import { comparable, type PlacedEntry } from "./expected-entries.ts";
import type { StoredViews } from "./stored-views.ts";

/** A stored entry: its bytes and its content. Valid only during the call. */
export interface StoredEntry {
  readonly bucket: string;
  readonly key: string;
  /** No aggregate expects it. */
  readonly isUnexpected: boolean;
  readonly bytes: Uint8Array;
  /** Undefined when the bytes are not an entry. */
  readonly entry: ViewEntry | undefined;
}

/** A promise while the receiver is busy. */
export type ReceiverRoom = () => Promise<void> | undefined;

/** The stored entries of some buckets as digests, compared one by one with the expected ones. */
export class EntryIndex {
  readonly #views: StoredViews;
  readonly #tables: Map<string, DigestTable>;
  readonly #counts = new Map<string, number>();

  private constructor(views: StoredViews, buckets: Iterable<string>) {
    this.#views = views;
    this.#tables = new Map([...buckets].map((bucket) => [bucket, new DigestTable("values")]));
  }

  /** Reads whole buckets. Throws Fault LOG_UNREACHABLE. */
  static async read(views: StoredViews, buckets: Iterable<string>): Promise<EntryIndex> {
    const index = new EntryIndex(views, buckets);
    for (const bucket of index.#tables.keys()) {
      await views.read(bucket, {
        begins: () => index.#tables.set(bucket, new DigestTable("values")),
        deliver: (key, bytes) => {
          if (bytes === undefined) index.#tables.get(bucket)?.delete(key);
          else index.#tables.get(bucket)?.set(key, index.#comparable(bucket, bytes));
        },
      });
      index.#counts.set(bucket, index.#tables.get(bucket)?.unexpected ?? 0);
    }
    return index;
  }

  /** Entries by bucket, as they were read. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Compares an expected entry with the stored one. */
  expect(placed: PlacedEntry): DigestMatch {
    const bytes = this.#views.encode(comparable(placed));
    return this.#tables.get(placed.bucket)?.expect(placed.key, bytes) ?? "missing";
  }

  /** Reads again each bucket that has unexpected entries, or that is named, and passes such entries on. */
  async inspect(named: ReadonlySet<string>, found: (stored: StoredEntry) => void, room?: ReceiverRoom): Promise<void> {
    for (const [bucket, table] of this.#tables) {
      if (table.unexpected === 0 && !named.has(bucket)) continue;
      await this.#views.read(bucket, {
        begins: () => undefined,
        deliver: (key, bytes) => {
          if (bytes === undefined) return;
          const isUnexpected = table.isUnexpected(key);
          if (!isUnexpected && !named.has(bucket)) return;
          found({ bucket, key, bytes, isUnexpected, entry: this.#views.decode(bytes) });
        },
        ...(room === undefined ? {} : { room }),
      });
    }
  }

  #comparable(bucket: string, bytes: Uint8Array): Uint8Array {
    if (bucket !== buckets.open) return bytes;
    const entry = this.#views.decode(bytes);
    return entry === undefined ? bytes : this.#views.encode(comparable({ bucket, entry }));
  }
}
