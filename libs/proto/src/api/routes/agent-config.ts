import { z } from "zod";
import { onWire } from "../../wire/meta.ts";
import { defineRoute } from "../route.ts";

const Enabled = z.object({ enabled: z.boolean() });

export const agentConfig = defineRoute({
  name: "agentConfig",
  methods: ["GET"],
  path: "/api/v1/agent/config",
  summary:
    "Returns this server's settings that exist in Bacalhau's configuration; never NATS addresses, directories or secrets.",
  query: z.object({}),
  answer: z.object({
    config: onWire(
      z.object({
        api: onWire(z.object({ host: z.string(), port: z.int() }), { name: "API" }),
        orchestrator: Enabled,
        compute: Enabled,
        labels: z.record(z.string(), z.string()),
        webUi: onWire(z.object({ enabled: z.boolean() }), { name: "WebUI" }),
        disableAnalytics: z.boolean(),
      }),
      { name: "config" },
    ),
  }),
});
