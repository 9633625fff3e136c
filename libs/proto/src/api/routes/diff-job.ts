import { z } from "zod";
import { JobSpec } from "../../job/spec.ts";
import { inNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

export const diffJob = defineRoute({
  name: "diffJob",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/jobs/diff",
  summary: "Compares a spec with the current version of the job of its name, and changes nothing.",
  query: z.object(inNamespace),
  body: z.object({ job: JobSpec }),
  answer: z.object({
    diff: z.string().describe("lines of the spec that would change, with + and -; empty when there are none"),
    warnings: z.array(z.string()).default([]).describe("what was changed in the spec or ignored"),
  }),
});
