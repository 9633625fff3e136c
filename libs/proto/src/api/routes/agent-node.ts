import { z } from "zod";
import { NodeInfoEntity } from "../node.ts";
import { defineRoute } from "../route.ts";

export const agentNode = defineRoute({
  name: "agentNode",
  methods: ["GET"],
  path: "/api/v1/agent/node",
  summary: "Shows the requester that answers, as a node.",
  query: z.object({}),
  answer: NodeInfoEntity,
});
