import { z } from "zod";
import { onWire } from "../../wire/meta.ts";
import { defineRoute } from "../route.ts";

const Enabled = z.object({ enabled: z.boolean().describe("whether this process is one") });

export const agentConfig = defineRoute({
  name: "agentConfig",
  methods: ["GET"],
  path: "/api/v1/agent/config",
  summary:
    "Returns this server's settings that exist in Bacalhau's configuration; never NATS addresses, directories or secrets.",
  query: z.object({}),
  answer: z.object({
    config: onWire(
      z
        .object({
          api: onWire(
            z
              .object({
                host: z.string().describe("the address that it listens on"),
                port: z.int().describe("its port"),
              })
              .describe("the HTTP API"),
            { name: "API" },
          ),
          orchestrator: Enabled.describe("whether it is a requester"),
          compute: Enabled.describe("whether it is a compute node"),
          labels: z.record(z.string(), z.string()).describe("its labels"),
          webUi: onWire(z.object({ enabled: z.boolean().describe("whether it serves one") }).describe("the web page"), {
            name: "WebUI",
          }),
          disableAnalytics: z.boolean().describe("always true: Shoal sends none"),
        })
        .describe("the settings"),
      { name: "config" },
    ),
  }),
});
