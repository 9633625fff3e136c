import { z } from "zod";
import { LogFrame } from "../log-frame.ts";
import { flag, inNamespace, text } from "../query.ts";
import { defineRoute } from "../route.ts";

export const jobLogs = defineRoute({
  name: "jobLogs",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/logs",
  kind: "websocket",
  summary: "Streams the output of a job's executions over a web socket.",
  query: z.object({
    ...inNamespace,
    executionId: text().describe("one execution, by id or id prefix; all of the job when unset"),
    tail: flag().describe("only new output"),
    follow: flag().describe("keeps the stream open until the executions have ended"),
  }),
  answer: LogFrame,
});
