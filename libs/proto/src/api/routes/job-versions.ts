import { z } from "zod";
import { JobEntity } from "../job.ts";
import { pageOf } from "../page.ts";
import { inNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

export const jobVersions = defineRoute({
  name: "jobVersions",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/versions",
  summary: "Lists the versions of a job, oldest first.",
  query: z.object(inNamespace),
  answer: pageOf(JobEntity),
});
