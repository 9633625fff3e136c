import { z } from "zod";
import { ExecutionEntity } from "../execution.ts";
import { pageOf } from "../page.ts";
import { count, flag, inNamespace, oneOf, paging } from "../query.ts";
import { defineRoute } from "../route.ts";

export const jobExecutions = defineRoute({
  name: "jobExecutions",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/executions",
  summary: "Lists the executions of a job.",
  query: z.object({
    ...inNamespace,
    ...paging,
    orderBy: oneOf(["create_time", "created_at", "modify_time", "modified_at"]).describe("the order of the list"),
    jobVersion: count().describe(
      "executions of one version of the job; when unset those of the latest, and live ones of others",
    ),
    allJobVersions: flag().describe("executions of all versions, whatever job_version is"),
  }),
  answer: pageOf(ExecutionEntity),
});
