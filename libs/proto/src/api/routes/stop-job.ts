import { z } from "zod";
import { inNamespace, text } from "../query.ts";
import { defineRoute } from "../route.ts";

// The reason is a sentence that the log stores permanently.
const reasonChars = 1024;

export const stopJob = defineRoute({
  name: "stopJob",
  methods: ["DELETE"],
  path: "/api/v1/orchestrator/jobs/:id",
  summary: "Stops a job; one that is stopped already stays so, and the answer's EvaluationID is empty then.",
  query: z.object({ ...inNamespace, reason: text(reasonChars).describe("stored in the history") }),
  body: z.object({ reason: z.string().max(reasonChars).default("") }),
  answer: z.object({
    evaluationId: z.string().describe("a random id, for Bacalhau's clients; empty when the job was stopped already"),
  }),
});
