import { kinds as allKinds, type EventLog, type Kinds, type Positions } from "@shoal/core";
import type { RebuildRequest } from "../ports.ts";
import { rebuildViews } from "./rebuild-views.ts";
import type { Stores } from "./stored-views.ts";

/** What a rebuild of a slice needs. */
export interface SliceParts {
  readonly log: EventLog;
  readonly positions: Positions;
  readonly views: Stores;
  /** The kinds that are rebuilt; all of this version when left out. */
  readonly kinds?: Kinds;
  /** Makes a bucket that is gone; harmless when it is there. */
  ensureBucket(bucket: string): Promise<void>;
}

/** The port `rebuild` of a requester: makes the bucket again when it is gone, and writes a shard's part of it. */
export const sliceRebuilder =
  ({ log, positions, views: stores, kinds = allKinds, ensureBucket }: SliceParts) =>
  async ({ bucket, shard, signal }: RebuildRequest): Promise<void> => {
    await ensureBucket(bucket);
    await rebuildViews({ log, positions, stores, kinds, buckets: [bucket], shard, signal });
  };
