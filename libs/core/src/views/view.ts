import type { AggregateRef } from "@shoal/proto";

/** The part of an aggregate behind one entry. Its identity shows whether the entry has changed. */
export interface Part {
  readonly key: string;
  readonly of: object;
  /** The log position of the last change of the part. */
  readonly seq: number;
}

/** A bucket of views. The cluster's streams, permissions, ports, positions and rebuilds follow from it. */
export interface BucketDefinition {
  /** A token that is unique among views. */
  readonly name: string;
  /** What a key is, such as `<namespace>.<jobId>`. */
  readonly keys: string;
  /** The most that it may hold, bytes; without a limit when left out. Writes beyond it wait for room. */
  readonly maxBytes?: number;
}

/** Entries in a bucket, as a function of an aggregate: same aggregate, same entries, byte for byte. */
export interface View<A> {
  readonly bucket: BucketDefinition;
  /** When a change is written: at once where a process acts on it; otherwise after a moment, and only the latest state. */
  readonly pace: "at once" | "after a moment";
  /** The parts of an aggregate. Those that are the same in `other` may be left out: unchanged parts then cost nothing. */
  parts(aggregate: A, other?: A): Iterable<Part>;
  /** The entry without its `seq`. */
  render(part: Part, aggregate: A): Readonly<Record<string, unknown>>;
  /**
   * The aggregate of an entry, by its key and its value; undefined when neither has it. The namespace may be "*".
   * Needed where the key is not `<namespace>.<id>`, or `<id>` for a kind without namespaces.
   */
  sourceOf?(key: string, value: Readonly<Record<string, unknown>>): EntrySource | undefined;
}

/** The aggregate of an entry, within the kind that the view belongs to. */
export type EntrySource = Pick<AggregateRef, "namespace" | "id">;

/** The aggregate of an entry of a view; undefined when it is unknown. */
export function sourceOfEntry(
  { sourceOf }: Pick<View<never>, "sourceOf">,
  { key, value }: { readonly key: string; readonly value: Readonly<Record<string, unknown>> },
): EntrySource | undefined {
  if (sourceOf !== undefined) return sourceOf(key, value);
  const dot = key.indexOf(".");
  return dot === -1 ? { namespace: "", id: key } : { namespace: key.slice(0, dot), id: key.slice(dot + 1) };
}

/** A write that brings a bucket up to date with an aggregate. */
export interface Change {
  readonly bucket: string;
  /** Whether to write it at once. */
  readonly urgent: boolean;
  readonly key: string;
  readonly seq: number;
  /** Undefined removes the entry. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
}

/** The changes from `before` to `after`; `seq` is the position of the commit between them. Cheap: only changed parts are rendered. */
export function changes<A>(
  view: View<A>,
  before: A | undefined,
  { after, seq }: { readonly after: A; readonly seq: number },
): readonly Change[] {
  const old = new Map<string, object>();
  if (before !== undefined) for (const part of view.parts(before, after)) old.set(part.key, part.of);
  const made: Change[] = [];
  const bucket = view.bucket.name;
  const urgent = view.pace === "at once";
  for (const part of view.parts(after, before)) {
    if (old.get(part.key) !== part.of)
      made.push({
        bucket,
        urgent,
        key: part.key,
        seq: part.seq,
        value: view.render(part, after),
      });
    old.delete(part.key);
  }
  for (const key of old.keys()) made.push({ bucket, urgent, key, seq, value: undefined });
  return made;
}

/** Every entry that an aggregate should have. */
export function entries<A>(
  view: View<A>,
  aggregate: A,
): readonly { key: string; seq: number; value: Readonly<Record<string, unknown>> }[] {
  return [...view.parts(aggregate)].map((part) => ({
    key: part.key,
    seq: part.seq,
    value: view.render(part, aggregate),
  }));
}

/** The entry as stored: `seq` first, then the rendered value. */
export const entryOf = (seq: number, value: Readonly<Record<string, unknown>>) => ({ seq, ...value });
