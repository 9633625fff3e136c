import { z } from "zod";
import { NodeEntity } from "../node.ts";
import { defineRoute } from "../route.ts";

export const getNode = defineRoute({
  name: "getNode",
  methods: ["GET"],
  path: "/api/v1/orchestrator/nodes/:id",
  summary: "Returns one node, by id or id prefix.",
  query: z.object({}),
  answer: z.object({ node: NodeEntity }),
});
