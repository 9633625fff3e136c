import { z } from "zod";
import { BuildVersion } from "../node.ts";
import { defineRoute } from "../route.ts";

export const agentVersion = defineRoute({
  name: "agentVersion",
  methods: ["GET"],
  path: "/api/v1/agent/version",
  summary: "Returns the API release that this server implements; GitCommit is the version of Shoal.",
  query: z.object({}),
  answer: BuildVersion,
});
