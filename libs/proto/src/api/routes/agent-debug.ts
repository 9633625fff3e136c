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
    requester: z
      .object({ id: z.string().describe("its id"), shards: z.array(z.int()).describe("the shards that it owns") })
      .describe("this requester"),
    owned: HoldingsEntity,
    nodes: z
      .object({
        known: z.int().describe("nodes that are not forgotten"),
        connected: z.int().describe("those of them that are connected"),
      })
      .describe("the nodes of the cluster"),
    streams: z
      .object({ feeds: z.int().describe("event feeds"), logs: z.int().describe("log streams") })
      .describe("open streams to clients"),
    process: z
      .object({
        uptimeSeconds: z.int().describe("seconds since its start"),
        memoryBytes: z.int().describe("resident memory"),
      })
      .describe("its process"),
  }),
});
