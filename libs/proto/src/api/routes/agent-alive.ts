import { z } from "zod";
import { defineRoute } from "../route.ts";

export const agentAlive = defineRoute({
  name: "agentAlive",
  methods: ["GET"],
  path: "/api/v1/agent/alive",
  summary: "Returns 200 while this server serves requests.",
  query: z.object({}),
  answer: z.object({ status: z.literal("OK").describe("the requester is alive") }),
});
