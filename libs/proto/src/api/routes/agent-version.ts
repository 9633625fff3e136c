import { z } from "zod";
import { BuildVersion } from "../node.ts";
import { defineRoute } from "../route.ts";

export const agentVersion = defineRoute({
  name: "agentVersion",
  methods: ["GET"],
  path: "/api/v1/agent/version",
  summary: "Shows which release of the API this server speaks; GitCommit names its own version.",
  query: z.object({}),
  answer: BuildVersion,
});
