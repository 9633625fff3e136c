import { executionEntities, Fault, isOver, type Job, jobEntity, versionEntities } from "@shoal/core";
import { apiRoutes, type JobEntity } from "@shoal/proto";
import { executionPage } from "../../wire/execution-page.ts";
import { historyPageOf } from "../../wire/history-page-of.ts";
import type { ApiContext } from "../api-context.ts";
import { jobAt, jobViewAt } from "../job-at.ts";
import { requireVersion } from "../require-version.ts";
import { defineHandler } from "../route-handler.ts";

export const getJob = defineHandler(apiRoutes.getJob, async (request, context) => {
  const { query } = request;
  const parts = new Set(query.include.map((word) => word.toLowerCase()));
  const history = parts.has("history") ? await jobAt(request, context) : undefined;
  const { entity, executions } =
    history === undefined ? await jobViewAt(request, context, parts.has("executions")) : viewOf(history.job);
  requireVersion(entity, query.jobVersion);
  const version = query.jobVersion || entity.version;
  const page = { limit: query.limit, version };
  const withLive = query.jobVersion === 0;
  const { headers } = request.request;
  return {
    job: version === entity.version ? entity : await ofVersion(request, { context, version }),
    ...(history === undefined
      ? {}
      : { history: historyPageOf(history.stored, isOver(history.job), { headers, from: 1, ...page }) }),
    ...(parts.has("executions") ? { executions: executionPage(executions, { ...page, withLive }) } : {}),
  };
});

/** The job with the spec of an earlier version. Throws Fault JOB_NOT_FOUND when that version is not stored any more. */
async function ofVersion(
  request: Parameters<typeof jobAt>[0],
  { context, version }: { readonly context: ApiContext; readonly version: number },
): Promise<JobEntity> {
  const { job } = await jobAt(request, context);
  const found = versionEntities(job).find((each) => each.version === version);
  if (found !== undefined) return found;
  throw new Fault("VERSION_NOT_FOUND", `version ${version} of job ${job.header.id} is not stored any more`);
}

const viewOf = (job: Job) => ({ entity: jobEntity(job), executions: executionEntities(job) });
