import { z } from "zod";
import { defineRoute } from "../route.ts";

export const resultObject = defineRoute({
  name: "resultObject",
  methods: ["GET"],
  path: "/api/v1/orchestrator/results/:nodeId/:object",
  kind: "bytes",
  summary: "Returns a result that a node published through the object store, as it was published.",
  query: z.object({}),
  answer: z.unknown(),
});
