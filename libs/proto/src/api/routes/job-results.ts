import { z } from "zod";
import { SpecConfig } from "../../job/spec.ts";
import { pageOf } from "../page.ts";
import { inNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

export const jobResults = defineRoute({
  name: "jobResults",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/results",
  summary: "Lists where the results of a job's completed executions can be fetched.",
  query: z.object(inNamespace),
  answer: pageOf(SpecConfig),
});
