import { apiRoutes } from "@shoal/proto";
import { findNode } from "../../reads/find-node.ts";
import { defineHandler } from "../route-handler.ts";

export const agentNode = defineHandler(
  apiRoutes.agentNode,
  (_, context) => findNode(context.nodes, context.requesterId).info,
);
