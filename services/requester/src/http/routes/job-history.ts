import { isOver } from "@shoal/core";
import { z } from "zod";
import { historyItems } from "../../wire/history-items.ts";
import { pageLimitHeader, readToken } from "../../wire/page-token.ts";
import { jobAt } from "../job-at.ts";
import { count, flag, limit, oneOf, text } from "../query.ts";
import { requireVersion } from "../require-version.ts";
import { defineRoute } from "../route-handler.ts";

export const jobHistory = defineRoute({
  name: "job-history",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/history",
  does: "Tells the story of a job. While the job goes on there is always a NextToken: ask with it for what comes.",
  query: z.object({
    namespace: text(),
    since: count(),
    event_type: oneOf(["all", "job", "execution"]),
    execution_id: text(),
    limit: limit(),
    next_token: text(),
    job_version: count(),
    all_job_versions: flag(),
  }),
  async answer(call, context) {
    const { query, request } = call;
    const { job, stored } = await jobAt(call, context);
    requireVersion(job.header, query.job_version);
    call.reply.header(pageLimitHeader, query.limit);
    return historyItems(stored, isOver(job), {
      headers: request.headers,
      from: readToken(z.int().min(1), query.next_token) ?? 1,
      limit: query.limit,
      since: query.since * 1000,
      level: query.event_type,
      executionId: query.execution_id ?? "",
      version: query.all_job_versions ? 0 : query.job_version,
    });
  },
});
