import { executionEntities, isOver, type Job, jobEntity } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { executionPage } from "../../wire/execution-page.ts";
import { historyPageOf } from "../../wire/history-page-of.ts";
import { jobAt, jobViewAt } from "../job-at.ts";
import { requireVersion } from "../require-version.ts";
import { defineHandler } from "../route-handler.ts";

export const getJob = defineHandler(apiRoutes.getJob, async (request, context) => {
  const { query } = request;
  const parts = new Set(query.include.map((word) => word.toLowerCase()));
  const version = query.jobVersion;
  const history = parts.has("history") ? await jobAt(request, context) : undefined;
  const { entity, executions } =
    history === undefined ? await jobViewAt(request, context, parts.has("executions")) : viewOf(history.job);
  requireVersion(entity, version);
  const page = { limit: query.limit, version };
  const { headers } = request.request;
  return {
    job: entity,
    ...(history === undefined
      ? {}
      : { history: historyPageOf(history.stored, isOver(history.job), { headers, from: 1, ...page }) }),
    ...(parts.has("executions") ? { executions: executionPage(executions, page) } : {}),
  };
});

const viewOf = (job: Job) => ({ entity: jobEntity(job), executions: executionEntities(job) });
