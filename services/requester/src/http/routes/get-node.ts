import { apiRoutes } from "@shoal/proto";
import { findNode } from "../../reads/find-node.ts";
import { defineHandler } from "../route-handler.ts";

export const getNode = defineHandler(apiRoutes.getNode, ({ param }, context) => ({
  node: findNode(context.nodes, param("id")),
}));
