import { z } from "zod";
import { onWire } from "../../wire/meta.ts";
import { NodeEntity } from "../node.ts";
import { flag, joined, limit, oneOf } from "../query.ts";
import { defineRoute } from "../route.ts";

export const listNodes = defineRoute({
  name: "listNodes",
  methods: ["GET"],
  path: "/api/v1/orchestrator/nodes",
  summary: "Lists the nodes and the live requesters; RequesterNodeInfo.Shards has the shards that a requester owns.",
  query: z.object({
    labels: joined().describe("a label selector, as in `a=b,c in (d,e)`"),
    approval: onWire(oneOf(["all", "approved", "pending", "rejected"]).describe("nodes with this approval"), {
      name: "filter-approval",
    }),
    status: onWire(oneOf(["all", "connected", "disconnected"]).describe("nodes with this connection"), {
      name: "filter-status",
    }),
    orderBy: oneOf([
      "id",
      "type",
      "available_cpu",
      "available_memory",
      "available_disk",
      "available_gpu",
      "approval",
      "status",
    ]).describe("the order of the list"),
    reverse: flag().describe("reverses the order"),
    limit: limit(Number.MAX_SAFE_INTEGER).describe("the most nodes to return; all when unset"),
  }),
  answer: z.object({
    nextToken: z.string().default("").describe("always empty: nodes come in one page"),
    nodes: z.array(NodeEntity).default([]).describe("the nodes"),
  }),
});
