import { BuildVersion, toWire } from "@shoal/proto";
import { z } from "zod";
import { build } from "../../build.ts";
import { defineRoute } from "../route-handler.ts";

export const agentVersion = defineRoute({
  name: "agent-version",
  methods: ["GET"],
  path: "/api/v1/agent/version",
  does: "Says which release of the API this server speaks; GitCommit names its own version.",
  query: z.object({}),
  answer: () => toWire(BuildVersion, build),
});
