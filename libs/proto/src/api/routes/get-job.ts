import { z } from "zod";
import { ExecutionEntity } from "../execution.ts";
import { HistoryEntity } from "../history.ts";
import { JobEntity } from "../job.ts";
import { pageOf } from "../page.ts";
import { count, inNamespace, listed, paging } from "../query.ts";
import { defineRoute } from "../route.ts";

export const getJob = defineRoute({
  name: "getJob",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id",
  summary: "Returns one job, by id, name or id prefix; on request with its executions and its history.",
  query: z.object({
    ...inNamespace,
    include: listed().describe("`executions`, `history`, or both"),
    limit: paging.limit,
    jobVersion: count().describe("a version of the job; the latest when unset"),
  }),
  answer: z.object({
    job: JobEntity,
    history: pageOf(HistoryEntity).optional().describe("its history, when included"),
    executions: pageOf(ExecutionEntity).optional().describe("its executions, when included"),
  }),
});
