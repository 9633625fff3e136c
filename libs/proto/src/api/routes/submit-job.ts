import { z } from "zod";
import { JobSpec } from "../../job/spec.ts";
import { text } from "../query.ts";
import { defineRoute } from "../route.ts";

// An idempotency token, in characters: any uuid or digest fits.
const tokenChars = 256;

export const submitJob = defineRoute({
  name: "submitJob",
  methods: ["PUT", "POST"],
  path: "/api/v1/orchestrator/jobs",
  summary: "Submits a job. Repeated calls with the same idempotency token create one job.",
  query: z.object({
    namespace: text().describe("the namespace of a job whose spec names none"),
    idempotencyToken: text(tokenChars).describe("identifies repeated submissions of one job"),
  }),
  body: z.object({
    job: JobSpec,
    force: z.boolean().default(false),
    namespace: z.string().default(""),
    idempotencyToken: z.string().max(tokenChars).default(""),
  }),
  answer: z.object({
    jobId: z.string().describe("the id of the job"),
    evaluationId: z.string().describe("a random id, for Bacalhau's clients"),
    warnings: z.array(z.string()).default([]).describe("what was changed in the spec or ignored"),
  }),
});
