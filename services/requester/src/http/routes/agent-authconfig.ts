import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

export const agentAuthConfig = defineRoute({
  name: "agent-authconfig",
  methods: ["GET"],
  path: "/api/v1/agent/authconfig",
  does: "Says that there is no single sign-on: Config is empty.",
  query: z.object({}),
  // The version is that of the answer's form, as the field gives it.
  answer: () => ({ Version: "1.0.0", Config: {} }),
});
