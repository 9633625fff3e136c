import { z } from "zod";
import { NodeHistoryEntity } from "../node-history.ts";
import { pageOf } from "../page.ts";
import { count, paging } from "../query.ts";
import { defineRoute } from "../route.ts";

export const nodeHistory = defineRoute({
  name: "nodeHistory",
  methods: ["GET"],
  path: "/api/v1/orchestrator/nodes/:id/history",
  summary:
    "Lists what happened to a node, oldest first, as sentences: when it joined, was disconnected, drained, rejected. A node that was deleted or forgotten has a history too, under its full id.",
  query: z.object({
    since: count().describe("entries from this time on, in seconds since the epoch"),
    limit: paging.limit,
    nextToken: paging.nextToken,
  }),
  answer: pageOf(NodeHistoryEntity),
});
