import type { ViewEntry } from "@shoal/core";
import { type AggregateRef, buckets } from "@shoal/proto";
import type { KeptEntry, KeptViews } from "./kept-views.ts";
import type { Difference } from "./report.ts";
import type { WantedEntries } from "./wanted-entries.ts";

/** An entry that is not as it was wanted when it was looked at. */
export interface Suspect {
  readonly bucket: string;
  readonly key: string;
  readonly why: Difference["why"];
  /** Which aggregate it comes from; undefined when nothing tells. */
  readonly source: AggregateRef | undefined;
  readonly found: ViewEntry | undefined;
  /** The kept bytes are not those that the entry is written as: nobody who writes views wrote them. */
  readonly forged: boolean;
}

export interface Compared {
  readonly entries: number;
  readonly suspects: readonly Suspect[];
}

// Keys of entries that are no part of a view, such as the catalog's marks: no namespace or node begins so.
const isAside = (key: string): boolean => key.startsWith("_");

/** Holds a kept bucket against the wanted one, byte for byte. */
export function compareBucket(
  bucket: string,
  found: readonly KeptEntry[],
  against: {
    readonly wanted: WantedEntries;
    readonly kept: KeptViews;
    readonly digest: (bytes: Uint8Array) => string;
  },
): Compared {
  const { kept, digest, wanted } = against;
  const digests = wanted.digests.get(bucket) ?? new Map<string, string>();
  const suspects: Suspect[] = [];
  const present = new Set<string>();
  const suspect = (key: string, why: Suspect["why"], bytes?: Uint8Array): void => {
    const found = bytes === undefined ? undefined : kept.decode(bytes);
    const forged = bytes !== undefined && found !== undefined && digest(kept.encode(found)) !== digest(bytes);
    suspects.push({ bucket, key, why, found, forged, source: sourceOf({ bucket, key, value: found, wanted }) });
  };
  for (const { key, bytes } of found) {
    if (isAside(key)) continue;
    present.add(key);
    const want = digests.get(key);
    if (want !== digest(bytes)) suspect(key, want === undefined ? "unexpected" : "different", bytes);
  }
  for (const key of digests.keys()) if (!present.has(key)) suspect(key, "missing");
  return { entries: present.size, suspects };
}

interface Placed {
  readonly bucket: string;
  readonly key: string;
  readonly value: ViewEntry | undefined;
  readonly wanted: WantedEntries;
}

function sourceOf({ bucket, key, value, wanted }: Placed): AggregateRef | undefined {
  const [first = "", second = ""] = key.split(".");
  if (bucket === buckets.jobs) return { kind: "job", namespace: first, id: second };
  if (bucket === buckets.executions) return { kind: "job", namespace: "*", id: first };
  if (bucket === buckets.nodes) return { kind: "node", namespace: "", id: key };
  const jobId = wanted.assignedBy.get(key) ?? value?.["jobId"];
  return typeof jobId === "string" ? { kind: "job", namespace: "*", id: jobId } : undefined;
}
