import { z } from "zod";
import { NodeInfoEntity } from "../node.ts";
import { defineRoute } from "../route.ts";

export const agentNode = defineRoute({
  name: "agentNode",
  methods: ["GET"],
  path: "/api/v1/agent/node",
  summary: "Returns the requester that serves the request, as a node.",
  query: z.object({}),
  answer: NodeInfoEntity,
});
