import { z } from "zod";
import { JobExplanation } from "../explanation.ts";
import { inNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

export const explainJob = defineRoute({
  name: "explainJob",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/explain",
  summary:
    "Explains why the slots of a job are where they are, why others wait and what would let them start, and why it failed.",
  query: z.object(inNamespace),
  answer: z.object({ explanation: JobExplanation }),
});
