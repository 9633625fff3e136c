import { Fault } from "@shoal/core";
import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

export const jobLogs = defineRoute({
  name: "job-logs",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/logs",
  does: "Streams the output of a job's executions over a web socket; tail: only from now on; follow: until everything has ended.",
  query: z.object({}),
  answer() {
    throw new Fault("BAD_REQUEST", "output is streamed over a web socket: wanted an upgrade, found a plain request");
  },
});
