import { NodeEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { parseSelector } from "../../catalog/selector.ts";
import { nodeOrders, sortNodes } from "../../reads/sort-nodes.ts";
import { flag, joined, limit, oneOf } from "../query.ts";
import { defineRoute } from "../route-handler.ts";

export const listNodes = defineRoute({
  name: "list-nodes",
  methods: ["GET"],
  path: "/api/v1/orchestrator/nodes",
  does: "Lists the nodes and every requester that lives; RequesterNodeInfo.Shards names the shards that a requester owns.",
  query: z.object({
    labels: joined(),
    "filter-approval": oneOf(["all", "approved", "pending", "rejected"]),
    "filter-status": oneOf(["all", "connected", "disconnected"]),
    order_by: oneOf(nodeOrders),
    reverse: flag(),
    limit: limit(Number.MAX_SAFE_INTEGER),
  }),
  answer({ query }, context) {
    const wants = parseSelector(query.labels);
    const approval = query["filter-approval"];
    const status = query["filter-status"];
    const nodes = context.nodes
      .all()
      .filter(
        (node) =>
          (approval === "all" || node.membership.toLowerCase() === approval) &&
          (status === "all" || node.connection === status) &&
          wants(node.info.labels),
      );
    const sorted = sortNodes(nodes, query.order_by, query.reverse);
    return { NextToken: "", Nodes: sorted.slice(0, query.limit).map((node) => toWire(NodeEntity, node)) };
  },
});
