import { z } from "zod";
import { defineRoute } from "../route.ts";

export const agentAuthConfig = defineRoute({
  name: "agentAuthConfig",
  methods: ["GET"],
  path: "/api/v1/agent/authconfig",
  summary: "Returns the single sign-on configuration. Single sign-on is not supported: Config is empty.",
  query: z.object({}),
  answer: z.object({
    version: z.string().describe("the version of this document"),
    config: z.record(z.string(), z.unknown()).describe("empty: clients authenticate with a key"),
  }),
});
