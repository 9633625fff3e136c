import {
  type EventLog,
  entries,
  entryOf,
  foldJob,
  foldNode,
  jobViews,
  nodeViews,
  type StoredCommit,
  type ViewEntry,
} from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";

/** The entry that the log wants under a key now; undefined when it wants none. Throws Fault LOG_DAMAGED, LOG_UNREACHABLE. */
export async function freshEntry(
  log: EventLog,
  { bucket, key, source }: { readonly bucket: string; readonly key: string; readonly source: AggregateRef },
): Promise<ViewEntry | undefined> {
  const stored = await log.load(source);
  const entry = allEntries(source, stored).find((each) => each.bucket === bucket && each.key === key);
  return entry === undefined ? undefined : entryOf(entry.seq, entry.value);
}

function allEntries({ kind }: AggregateRef, stored: readonly StoredCommit[]) {
  const job = kind === "job" ? foldJob(stored) : undefined;
  const node = kind === "node" ? foldNode(stored) : undefined;
  return [
    ...(job === undefined ? [] : jobViews.flatMap((view) => inBucket(view.bucket, entries(view, job)))),
    ...(node === undefined ? [] : nodeViews.flatMap((view) => inBucket(view.bucket, entries(view, node)))),
  ];
}

const inBucket = (bucket: string, made: ReturnType<typeof entries>) => made.map((entry) => ({ bucket, ...entry }));
