import { HoldingsEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { findNode } from "../../reads/find-node.ts";
import { defineRoute } from "../route-handler.ts";

export const agentDebug = defineRoute({
  name: "agent-debug",
  methods: ["GET"],
  path: "/api/v1/agent/debug",
  does: "Shows what this server is doing, by component: the shards that it owns with what is quarantined or rebuilt in them, its open streams, its memory.",
  query: z.object({}),
  answer(_, context) {
    const nodes = context.nodes.all();
    const shards = findNode(context.nodes, context.requesterId).info.requesterNodeInfo?.shards ?? [];
    const connected = nodes.filter(({ connection }) => connection === "connected").length;
    return {
      Requester: { ID: context.requesterId, Shards: shards },
      Owned: toWire(HoldingsEntity, context.cluster.holdings()),
      Nodes: { Known: nodes.length, Connected: connected },
      Streams: { Feeds: context.feeds.size(), Logs: context.logStreams.size() },
      Process: { UptimeSeconds: Math.floor(process.uptime()), MemoryBytes: process.memoryUsage.rss() },
    };
  },
});
