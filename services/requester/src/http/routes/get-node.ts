import { NodeEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { findNode } from "../../reads/find-node.ts";
import { defineRoute } from "../route-handler.ts";

export const getNode = defineRoute({
  name: "get-node",
  methods: ["GET"],
  path: "/api/v1/orchestrator/nodes/:id",
  does: "Tells about one node, by its id or the beginning of it.",
  query: z.object({}),
  answer: ({ param }, context) => ({ Node: toWire(NodeEntity, findNode(context.nodes, param("id"))) }),
});
