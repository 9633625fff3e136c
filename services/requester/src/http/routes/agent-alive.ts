import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

export const agentAlive = defineRoute({
  name: "agent-alive",
  methods: ["GET"],
  path: "/api/v1/agent/alive",
  does: "Says that this server answers.",
  query: z.object({}),
  answer: () => ({ Status: "OK" }),
});
