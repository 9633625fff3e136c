import { z } from "zod";

/** One shard, as reported by its owner. */
const ShardEntity = z.object({
  shard: z.int(),
  /** Aggregates in memory. */
  aggregates: z.int(),
  quarantined: z.int(),
  /** Buckets whose part of the shard is being rebuilt. */
  rebuilding: z.array(z.string()),
});

/** An aggregate whose log its owner cannot read. */
const QuarantinedEntity = z.object({
  shard: z.int(),
  kind: z.string(),
  namespace: z.string(),
  id: z.string(),
  /** The position of the unreadable message; 0 when it is not known. */
  position: z.int(),
  code: z.string(),
  reason: z.string(),
});

/** The work of an owner of shards, for operators. */
export const HoldingsEntity = z
  .object({
    shards: z.array(ShardEntity),
    /** The first 20 over all shards. */
    quarantined: z.array(QuarantinedEntity),
  })
  .meta({ id: "Holdings" });
export type HoldingsEntity = z.infer<typeof HoldingsEntity>;

/** The releases in a cluster, and its feature level. */
export const ClusterEntity = z
  .object({
    /** The level that requesters may write; `shoal cluster upgrade --finish` raises it. */
    featureLevel: z.int(),
    /** The requester that serves this response; shards and quarantined aggregates are its own. */
    answeredBy: z.string(),
    /** The protocol levels of nodes that this requester works with. */
    protocolLevels: z.object({ lowest: z.int(), highest: z.int() }),
    requesters: z.array(
      z.object({ id: z.string(), version: z.string(), featureLevel: z.int(), shards: z.array(z.int()) }),
    ),
    nodes: z.array(z.object({ id: z.string(), version: z.string(), protocolLevel: z.int() })),
    ...HoldingsEntity.shape,
  })
  .meta({ id: "Cluster" });
export type ClusterEntity = z.infer<typeof ClusterEntity>;

/** The result of finishing an upgrade. */
export const FinishedUpgradeEntity = z.object({ featureLevel: z.int(), before: z.int() });
export type FinishedUpgradeEntity = z.infer<typeof FinishedUpgradeEntity>;
