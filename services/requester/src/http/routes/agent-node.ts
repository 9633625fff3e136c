import { NodeInfoEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { findNode } from "../../reads/find-node.ts";
import { defineRoute } from "../route-handler.ts";

export const agentNode = defineRoute({
  name: "agent-node",
  methods: ["GET"],
  path: "/api/v1/agent/node",
  does: "Tells about the node that answers.",
  query: z.object({}),
  answer: (_, context) => toWire(NodeInfoEntity, findNode(context.nodes, context.requesterId).info),
});
