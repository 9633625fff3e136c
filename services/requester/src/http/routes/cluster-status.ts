import { ClusterEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

export const clusterStatus = defineRoute({
  name: "cluster-status",
  methods: ["GET"],
  path: "/api/v1/orchestrator/cluster",
  does: "Shows the feature level, requesters and nodes with their releases, and what the requester that answers owns: counts for each shard, quarantined aggregates with their reason.",
  query: z.object({}),
  answer: (_, context) => toWire(ClusterEntity, context.cluster.status()),
});
