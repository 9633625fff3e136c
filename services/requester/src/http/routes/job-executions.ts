import { apiRoutes } from "@shoal/proto";
import { z } from "zod";
import { executionPage } from "../../wire/execution-page.ts";
import { pageLimitHeader, readToken } from "../../wire/page-token.ts";
import { jobViewAt } from "../job-at.ts";
import { requireVersion } from "../require-version.ts";
import { defineHandler } from "../route-handler.ts";

const orderOf = {
  create_time: "createTime",
  created_at: "createTime",
  modify_time: "modifyTime",
  modified_at: "modifyTime",
} as const;

export const jobExecutions = defineHandler(apiRoutes.jobExecutions, async (request, context) => {
  const { query } = request;
  const { entity, executions } = await jobViewAt(request, context, true);
  requireVersion(entity, query.jobVersion);
  request.reply.header(pageLimitHeader, query.limit);
  return executionPage(executions, {
    limit: query.limit,
    version: query.allJobVersions ? 0 : query.jobVersion || entity.version,
    withLive: query.jobVersion === 0,
    order: orderOf[query.orderBy],
    reverse: query.reverse,
    skip: readToken(z.int().min(0), query.nextToken) ?? 0,
  });
});
