import { z } from "zod";
import { findNode } from "../../reads/find-node.ts";
import { defineRoute } from "../route-handler.ts";

export const agentConfig = defineRoute({
  name: "agent-config",
  methods: ["GET"],
  path: "/api/v1/agent/config",
  does: "Tells what of this server's settings has a place in the field's own tree: never addresses of NATS, folders or secrets.",
  query: z.object({}),
  answer({ request }, context) {
    const { localAddress, localPort } = request.raw.socket;
    const { labels } = findNode(context.nodes, context.requesterId).info;
    return {
      config: {
        API: { Host: localAddress ?? "", Port: localPort ?? 0 },
        Orchestrator: { Enabled: true },
        Compute: { Enabled: false },
        Labels: labels,
        WebUI: { Enabled: false },
        DisableAnalytics: true,
      },
    };
  },
});
