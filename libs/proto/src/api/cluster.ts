import { z } from "zod";

/** One shard, as reported by its owner. */
const ShardEntity = z.object({
  shard: z.int().describe("the number of the shard"),
  aggregates: z.int().describe("aggregates in memory"),
  quarantined: z.int().describe("aggregates whose log the owner cannot read"),
  rebuilding: z.array(z.string()).describe("buckets whose part of the shard is being rebuilt"),
});

/** An aggregate whose log its owner cannot read. */
const QuarantinedEntity = z.object({
  shard: z.int().describe("the shard that it belongs to"),
  kind: z.string().describe("its kind, such as job"),
  namespace: z.string().describe("its namespace"),
  id: z.string().describe("its id"),
  position: z.int().describe("the position of the unreadable message; 0 when it is not known"),
  code: z.string().describe("the code of the problem, from the error table"),
  reason: z.string().describe("the problem, for people"),
});

/** The work of an owner of shards, for operators. */
export const HoldingsEntity = z
  .object({
    shards: z.array(ShardEntity).describe("the shards that it owns"),
    quarantined: z.array(QuarantinedEntity).describe("the first 20 quarantined aggregates over all of its shards"),
  })
  .meta({ id: "Holdings", description: "what a requester owns" });
export type HoldingsEntity = z.infer<typeof HoldingsEntity>;

/** The releases in a cluster, and its feature level. */
export const ClusterEntity = z
  .object({
    featureLevel: z.int().describe("the level that requesters may write; `shoal cluster upgrade --finish` raises it"),
    answeredBy: z.string().describe("the requester that serves this response: shards and quarantined are its own"),
    protocolLevels: z
      .object({ lowest: z.int().describe("the lowest level"), highest: z.int().describe("the highest level") })
      .describe("the protocol levels of nodes that this requester works with"),
    requesters: z
      .array(
        z.object({
          id: z.string().describe("its id"),
          version: z.string().describe("its release"),
          featureLevel: z.int().describe("the highest feature level that it knows"),
          shards: z.array(z.int()).describe("the shards that it owns"),
        }),
      )
      .describe("every live requester"),
    nodes: z
      .array(
        z.object({
          id: z.string().describe("its id"),
          version: z.string().describe("its release"),
          protocolLevel: z.int().describe("the protocol level that it speaks"),
        }),
      )
      .describe("every connected node"),
    ...HoldingsEntity.shape,
  })
  .meta({ id: "Cluster", description: "the releases in a cluster, and what a requester owns" });
export type ClusterEntity = z.infer<typeof ClusterEntity>;

/** The result of finishing an upgrade. */
export const FinishedUpgradeEntity = z.object({
  featureLevel: z.int().describe("the feature level from now on"),
  before: z.int().describe("the feature level before"),
});
export type FinishedUpgradeEntity = z.infer<typeof FinishedUpgradeEntity>;
