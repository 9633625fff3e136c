import { kinds } from "@shoal/core";
import type { RequesterPorts as NatsPorts } from "@shoal/nats";
import type { RebuildRequest } from "../ports.ts";
import { rebuildViews } from "./rebuild-views.ts";

/** The port `rebuild` of a requester: makes the bucket again when it is gone, and writes a shard's part of it. */
export const sliceRebuilder =
  ({ log, positions, views, ensureBucket }: Pick<NatsPorts, "log" | "positions" | "views" | "ensureBucket">) =>
  async ({ bucket, shard, signal }: RebuildRequest): Promise<void> => {
    await ensureBucket(bucket);
    await rebuildViews({ log, positions, stores: views, kinds, buckets: [bucket], shard, signal });
  };
