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

/** Holds a kept bucket against the wanted one, byte for byte, while it is told. It keeps only the keys and what is wrong. */
export class Comparison {
  readonly #bucket: string;
  readonly #wanted: WantedEntries;
  readonly #codec: Codec;
  readonly #digests: ReadonlyMap<string, string>;
  readonly #present = new Set<string>();
  readonly #suspects = new Map<string, Suspect>();

  constructor(bucket: string, { wanted, codec }: { readonly wanted: WantedEntries; readonly codec: Codec }) {
    this.#bucket = bucket;
    this.#wanted = wanted;
    this.#codec = codec;
    this.#digests = wanted.digests.get(bucket) ?? new Map();
  }

  /** The bucket is told from its beginning. */
  begins(): void {
    this.#present.clear();
    this.#suspects.clear();
  }

  /** What a key holds now; nothing where it was removed. */
  kept(key: string, bytes: Uint8Array | undefined): void {
    this.#suspects.delete(key);
    if (bytes === undefined) {
      this.#present.delete(key);
      return;
    }
    this.#present.add(key);
    const want = this.#digests.get(key);
    if (want === digest(bytes)) return;
    this.#suspects.set(key, this.#suspect(key, want === undefined ? "unexpected" : "different", bytes));
  }

  end(): Compared {
    const missing = [...this.#digests.keys()].filter((key) => !this.#present.has(key));
    return {
      entries: this.#present.size,
      suspects: [...this.#suspects.values(), ...missing.map((key) => this.#suspect(key, "missing"))],
    };
  }

  #suspect(key: string, why: Suspect["why"], bytes?: Uint8Array): Suspect {
    const { decode, encode } = this.#codec;
    const found = bytes === undefined ? undefined : decode(bytes);
    const forged = bytes !== undefined && found !== undefined && digest(encode(found)) !== digest(bytes);
    const place = { bucket: this.#bucket, key };
    return { ...place, why, found, forged, source: sourceOf({ ...place, value: found, wanted: this.#wanted }) };
  }
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
  if (bucket === buckets.nodes) return { kind: "node", namespace: "", id: key };
  const jobId = wanted.assignedBy.get(key) ?? value?.["jobId"];
  return typeof jobId === "string" ? { kind: "job", namespace: "*", id: jobId } : undefined;
}
