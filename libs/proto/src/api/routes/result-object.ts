import { z } from "zod";
import { defineRoute } from "../route.ts";

export const resultObject = defineRoute({
  name: "resultObject",
  methods: ["GET"],
  path: "/api/v1/orchestrator/results/:nodeId/:object",
  kind: "bytes",
  summary: "Returns the bytes of a result that a node published to the object store.",
  query: z.object({}),
  answer: z.unknown(),
});
