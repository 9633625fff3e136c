import { isOver } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { z } from "zod";
import { historyPageOf } from "../../wire/history-page-of.ts";
import { pageLimitHeader, readToken } from "../../wire/page-token.ts";
import { jobAt } from "../job-at.ts";
import { requireVersion } from "../require-version.ts";
import { defineHandler } from "../route-handler.ts";

export const jobHistory = defineHandler(apiRoutes.jobHistory, async (request, context) => {
  const { query } = request;
  const { job, stored } = await jobAt(request, context);
  requireVersion(job.header, query.jobVersion);
  request.reply.header(pageLimitHeader, query.limit);
  return historyPageOf(stored, isOver(job), {
    headers: request.request.headers,
    from: readToken(z.int().min(1), query.nextToken) ?? 1,
    limit: query.limit,
    since: query.since * 1000,
    level: query.eventType,
    executionId: query.executionId ?? "",
    version: query.allJobVersions ? 0 : query.jobVersion || job.header.version,
  });
});
