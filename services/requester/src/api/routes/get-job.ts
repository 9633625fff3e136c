import { isOver, jobEntity } from "@shoal/core";
import { JobEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { executionItems } from "../execution-items.ts";
import { historyItems } from "../history-items.ts";
import { jobAt } from "../job-at.ts";
import { count, limit, listed, text } from "../query.ts";
import { defineRoute } from "../route.ts";
import { mustHaveVersion } from "../wanted-version.ts";

export const getJob = defineRoute({
  name: "get-job",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id",
  does: "Tells about one job, by its id, its name or the beginning of its id; on request with its executions and its history.",
  query: z.object({ namespace: text(), include: listed(), limit: limit(), job_version: count() }),
  async answer(call, front) {
    const { query, request } = call;
    const { job, stored } = await jobAt(call, front);
    mustHaveVersion(job, query.job_version);
    const wanted = new Set(query.include.map((word) => word.toLowerCase()));
    const version = query.job_version;
    return {
      Job: toWire(JobEntity, jobEntity(job)),
      ...(wanted.has("history")
        ? {
            History: historyItems(stored, isOver(job), {
              headers: request.headers,
              from: 1,
              limit: query.limit,
              version,
            }),
          }
        : {}),
      ...(wanted.has("executions") ? { Executions: executionItems(job, { limit: query.limit, version }) } : {}),
    };
  },
});
