import { z } from "zod";
import { ClusterEntity } from "../cluster.ts";
import { defineRoute } from "../route.ts";

export const clusterStatus = defineRoute({
  name: "clusterStatus",
  methods: ["GET"],
  path: "/api/v1/orchestrator/cluster",
  summary:
    "Returns the feature level, the requesters and nodes with their releases, and what the serving requester owns: counts for each shard, quarantined aggregates with their reason.",
  query: z.object({}),
  answer: ClusterEntity,
});
