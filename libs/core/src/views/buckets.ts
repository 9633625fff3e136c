import { buckets } from "@shoal/proto";
import { assert } from "../fault.ts";
import type { Kinds } from "../kinds.ts";
import type { ViewStore } from "../ports/view-store.ts";
import { openBucket } from "./open.ts";
import type { BucketDefinition } from "./view.ts";

/** Buckets that code names; the views of the kinds define the others. */
type NamedBucket = Exclude<keyof typeof buckets, "shards">;

/** One value for each bucket of views, by the bucket's name. */
export type ByBucket<T> = Readonly<Record<string, T>> & Readonly<Record<NamedBucket, T>>;

/** The store of each bucket of views. */
export type ViewStores = ByBucket<ViewStore>;

/** Every bucket that is derived from the log: those of the kinds' views, and `open`. Two views of one bucket are a bug. */
export function viewBuckets(kinds: Kinds): readonly BucketDefinition[] {
  const all = [...kinds.parts.flatMap(({ views }) => views.map(({ bucket }) => bucket)), openBucket];
  const names = new Set([buckets.shards, ...all.map(({ name }) => name)]);
  assert(names.size === all.length + 1, `two buckets share a name: ${all.map(({ name }) => name).join(", ")}`);
  return all;
}

/** Makes one value for each bucket of the kinds' views. */
export function byBucket<T>(kinds: Kinds, make: (bucket: string) => T): ByBucket<T> {
  const made = new Map(viewBuckets(kinds).map(({ name }) => [name, make(name)]));
  const named = (name: NamedBucket): T => made.get(name) ?? make(name);
  return {
    ...Object.fromEntries(made),
    assignments: named("assignments"),
    jobs: named("jobs"),
    nodes: named("nodes"),
    open: named("open"),
    secrets: named("secrets"),
  };
}
