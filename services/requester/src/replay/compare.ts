import type { ViewEntry } from "@shoal/core";
import { type AggregateRef, buckets } from "@shoal/proto";
import { digest } from "./digest.ts";
import type { Codec } from "./judge.ts";
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

/** What a bucket came to. */
export interface Compared {
  readonly entries: number;
  readonly suspects: readonly Suspect[];
}

/** Holds a kept bucket against the wanted one, byte for byte, while it is told. */
export interface Comparison {
  /** The bucket is told from its beginning. */
  begins(): void;
  /** What a key holds now; nothing where it was removed. */
  kept(key: string, bytes: Uint8Array | undefined): void;
  end(): Compared;
}

// Keys of entries that are no part of a view, such as the catalog's marks: no namespace or node begins so.
const isAside = (key: string): boolean => key.startsWith("_");

/** Begins to compare a bucket. What it holds at the end is only the keys and what is wrong. */
export function createComparison(
  bucket: string,
  { wanted, codec }: { readonly wanted: WantedEntries; readonly codec: Codec },
): Comparison {
  const digests = wanted.digests.get(bucket) ?? new Map<string, string>();
  const present = new Set<string>();
  const suspects = new Map<string, Suspect>();
  const suspect = (key: string, why: Suspect["why"], bytes?: Uint8Array): Suspect => {
    const found = bytes === undefined ? undefined : codec.decode(bytes);
    const forged = bytes !== undefined && found !== undefined && digest(codec.encode(found)) !== digest(bytes);
    return { bucket, key, why, found, forged, source: sourceOf({ bucket, key, value: found, wanted }) };
  };
  return {
    begins() {
      present.clear();
      suspects.clear();
    },
    kept(key, bytes) {
      if (isAside(key)) return;
      suspects.delete(key);
      if (bytes === undefined) {
        present.delete(key);
        return;
      }
      present.add(key);
      const want = digests.get(key);
      if (want !== digest(bytes))
        suspects.set(key, suspect(key, want === undefined ? "unexpected" : "different", bytes));
    },
    end() {
      const missing = [...digests.keys()].filter((key) => !present.has(key));
      return {
        entries: present.size,
        suspects: [...suspects.values(), ...missing.map((key) => suspect(key, "missing"))],
      };
    },
  };
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
