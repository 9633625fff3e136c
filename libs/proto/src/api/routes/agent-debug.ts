import { z } from "zod";
import { HoldingsEntity } from "../cluster.ts";
import { defineRoute } from "../route.ts";

export const agentDebug = defineRoute({
  name: "agentDebug",
  methods: ["GET"],
  path: "/api/v1/agent/debug",
  summary:
    "Returns the state of this server by component: its shards with their quarantined aggregates and rebuilds, its open streams, its memory.",
  query: z.object({}),
  answer: z.object({
    requester: z.object({ id: z.string(), shards: z.array(z.int()) }),
    owned: HoldingsEntity,
    nodes: z.object({ known: z.int(), connected: z.int() }),
    streams: z.object({ feeds: z.int(), logs: z.int() }),
    process: z.object({ uptimeSeconds: z.int(), memoryBytes: z.int() }),
  }),
});
