import { apiRoutes } from "@shoal/proto";
import { findNode } from "../../reads/find-node.ts";
import { defineHandler } from "../route-handler.ts";

export const agentDebug = defineHandler(apiRoutes.agentDebug, (_, context) => {
  const nodes = context.nodes.all();
  const shards = findNode(context.nodes, context.requesterId).info.requesterNodeInfo?.shards ?? [];
  return {
    requester: { id: context.requesterId, shards },
    owned: context.cluster.holdings(),
    nodes: { known: nodes.length, connected: nodes.filter(({ connection }) => connection === "connected").length },
    streams: { feeds: context.feeds.size(), logs: context.logStreams.size() },
    process: { uptimeSeconds: Math.floor(process.uptime()), memoryBytes: process.memoryUsage.rss() },
  };
});
