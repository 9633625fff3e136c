import { type AggregateRef, buckets, subjectOf } from "@shoal/proto";
import { z } from "zod";
import type { Kind } from "../kind.ts";
import type { ViewEntry } from "../ports/view-store.ts";
import type { BucketDefinition, Change } from "./view.ts";

/** The bucket of every aggregate that is not settled, whatever its kind. */
export const openBucket: BucketDefinition = { name: buckets.open, keys: "<shard>.<kind>.<namespace>.<id>" };

/** The entry of an aggregate that is not settled, or that cannot be read. */
export const OpenEntry = z.object({
  kind: z.string(),
  namespace: z.string(),
  id: z.string(),
  /** Why the aggregate cannot be read, and at which message; absent for a readable one. */
  quarantine: z.object({ seq: z.number(), code: z.string(), why: z.string() }).optional(),
});
export type OpenEntry = z.infer<typeof OpenEntry>;

/** The key of an aggregate: its subject without the prefix, so that a shard's entries share their first token. */
export const openKeyOf = (aggregate: AggregateRef): string => subjectOf(aggregate).slice("shoal.evt.".length);

/** Reads an entry; undefined when the value is not an entry, such as a position. */
export function readOpenEntry(entry: ViewEntry): OpenEntry | undefined {
  const read = OpenEntry.safeParse(entry);
  return read.success ? read.data : undefined;
}

/** One step of an aggregate between two states, by the commit at `seq`. */
export interface OpenStep<S> {
  readonly aggregate: AggregateRef;
  readonly before: S | undefined;
  readonly after: S;
  readonly seq: number;
}

/** The write that a commit requires when it opens or settles an aggregate; undefined otherwise. */
export function openChange<S>(kind: Pick<Kind<S>, "isSettled">, step: OpenStep<S>): Change | undefined {
  const { aggregate, before, after, seq } = step;
  const wasOpen = before !== undefined && !kind.isSettled(before);
  const isOpen = !kind.isSettled(after);
  if (wasOpen === isOpen) return undefined;
  return {
    bucket: openBucket.name,
    urgent: false,
    key: openKeyOf(aggregate),
    seq,
    value: isOpen ? openValueOf(aggregate) : undefined,
  };
}

/** The entry of an aggregate that is open and readable. */
export const openValueOf = ({ kind, namespace, id }: AggregateRef): OpenEntry => ({ kind, namespace, id });
