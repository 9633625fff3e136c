import { kinds as allKinds, type EventLog, type Kinds, type Positions } from "@shoal/core";
import type { RebuildRequest } from "../ports.ts";
import { rebuildViews } from "./rebuild-views.ts";
import type { Stores } from "./stored-views.ts";

/** The dependencies of a slice's rebuild. */
export interface SliceParts {
  readonly log: EventLog;
  readonly positions: Positions;
  readonly views: Stores;
  /** The kinds that are rebuilt; all of this version when left out. */
  readonly kinds?: Kinds;
  /** Creates a missing bucket; harmless when it exists. */
  ensureBucket(bucket: string): Promise<void>;
}

/** The port `rebuild` of a requester: creates a missing bucket, and writes a shard's part of it. */
export const sliceRebuilder =
  ({ log, positions, views: stores, kinds = allKinds, ensureBucket }: SliceParts) =>
  async ({ bucket, shard, signal }: RebuildRequest): Promise<void> => {
    await ensureBucket(bucket);
    await rebuildViews({ log, positions, stores, kinds, buckets: [bucket], shard, signal });
  };
