import {
  entries,
  entryOf,
  type Kinds,
  openKeyOf,
  openValueOf,
  readOpenEntry,
  sourceOfEntry,
  type ViewEntry,
} from "@shoal/core";
import { type AggregateRef, buckets as names } from "@shoal/proto";
import type { Folded } from "./folded.ts";

/** An entry with its bucket and key. */
export interface PlacedEntry {
  readonly bucket: string;
  readonly key: string;
  readonly entry: ViewEntry;
}

/** The entries of an aggregate in these buckets, as far as it has been folded. */
export function* expectedEntries(folded: Folded, buckets: ReadonlySet<string>): Iterable<PlacedEntry> {
  const { kind, aggregate } = folded;
  for (const view of aggregate.state === undefined ? [] : (kind?.views ?? [])) {
    const bucket = view.bucket.name;
    if (!buckets.has(bucket)) continue;
    for (const { key, seq, value } of entries(view, aggregate.state)) yield { bucket, key, entry: entryOf(seq, value) };
  }
  if (buckets.has(names.open)) yield* openEntry(folded);
}

function* openEntry({ ref, openSince, stoppedAt }: Folded): Iterable<PlacedEntry> {
  const value = openValueOf(ref);
  const place = { bucket: names.open, key: openKeyOf(ref) };
  if (stoppedAt !== undefined) {
    const { seq, code, why } = stoppedAt;
    yield { ...place, entry: entryOf(seq, { ...value, quarantine: { seq, code, why } }) };
  } else if (openSince !== undefined) yield { ...place, entry: entryOf(openSince, value) };
}

/**
 * The compared part of an entry. In the bucket `open` the position is left out: an aggregate that leaves quarantine is
 * written at the position at which it entered, so that no older write replaces it.
 */
export const comparable = ({ bucket, entry }: Pick<PlacedEntry, "bucket" | "entry">): ViewEntry =>
  bucket === names.open ? { ...entry, seq: 0 } : entry;

/** The aggregate that a stored entry belongs to; undefined when it cannot be determined. */
export function aggregateOfEntry(
  kinds: Kinds,
  { bucket, key, entry }: Omit<PlacedEntry, "entry"> & { readonly entry: ViewEntry | undefined },
): AggregateRef | undefined {
  if (bucket === names.open) return entry === undefined ? undefined : readOpenEntry(entry);
  for (const { name, views } of kinds.parts)
    for (const view of views)
      if (view.bucket.name === bucket) {
        const source = sourceOfEntry(view, { key, value: entry ?? {} });
        return source === undefined ? undefined : { kind: name, ...source };
      }
  return undefined;
}
