import { z } from "zod";
import { executionItems } from "../../wire/execution-items.ts";
import { pageLimitHeader, readToken } from "../../wire/page-token.ts";
import { jobViewAt } from "../job-at.ts";
import { count, flag, limit, oneOf, text } from "../query.ts";
import { requireVersion } from "../require-version.ts";
import { defineRoute } from "../route-handler.ts";

const orderOf = {
  create_time: "createTime",
  created_at: "createTime",
  modify_time: "modifyTime",
  modified_at: "modifyTime",
} as const;

export const jobExecutions = defineRoute({
  name: "job-executions",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/executions",
  does: "Lists the executions of a job.",
  query: z.object({
    namespace: text(),
    limit: limit(),
    next_token: text(),
    order_by: oneOf(["create_time", "created_at", "modify_time", "modified_at"]),
    reverse: flag(),
    job_version: count(),
    all_job_versions: flag(),
  }),
  async answer(call, context) {
    const { query } = call;
    const { entity, executions } = await jobViewAt(call, context, true);
    requireVersion(entity, query.job_version);
    call.reply.header(pageLimitHeader, query.limit);
    return executionItems(executions, {
      limit: query.limit,
      version: query.all_job_versions ? 0 : query.job_version,
      order: orderOf[query.order_by],
      reverse: query.reverse,
      skip: readToken(z.int().min(0), query.next_token) ?? 0,
    });
  },
});
