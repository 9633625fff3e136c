import { z } from "zod";
import { inNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

// The reason is a sentence that the log stores permanently.
const reasonChars = 1024;

export const rerunJob = defineRoute({
  name: "rerunJob",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/jobs/:id/rerun",
  summary: "Runs the spec of one version of a job again, as a new version.",
  query: z.object(inNamespace),
  body: z.object({
    jobVersion: z.int().min(0).default(0).describe("the version whose spec is run; 0 is the current one"),
    reason: z.string().max(reasonChars).default("").describe("stored in the history"),
  }),
  answer: z.object({
    jobId: z.string().describe("the id of the job"),
    jobVersion: z.int().describe("the new version, which runs the requested one's spec"),
    evaluationId: z.string().describe("a random id, for Bacalhau's clients"),
    warnings: z.array(z.string()).default([]).describe("what was ignored"),
  }),
});
