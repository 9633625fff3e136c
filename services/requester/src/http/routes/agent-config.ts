import { apiRoutes } from "@shoal/proto";
import { findNode } from "../../reads/find-node.ts";
import { defineHandler } from "../route-handler.ts";

export const agentConfig = defineHandler(apiRoutes.agentConfig, ({ request }, context) => {
  const { localAddress, localPort } = request.raw.socket;
  const { labels } = findNode(context.nodes, context.requesterId).info;
  return {
    config: {
      api: { host: localAddress ?? "", port: localPort ?? 0 },
      orchestrator: { enabled: true },
      compute: { enabled: false },
      labels,
      webUi: { enabled: false },
      disableAnalytics: true,
    },
  };
});
