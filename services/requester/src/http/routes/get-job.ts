import { executionEntities, isOver, type Job, jobEntity } from "@shoal/core";
import { JobEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { executionItems } from "../../wire/execution-items.ts";
import { historyItems } from "../../wire/history-items.ts";
import { jobAt, jobViewAt } from "../job-at.ts";
import { count, limit, listed, text } from "../query.ts";
import { requireVersion } from "../require-version.ts";
import { defineRoute } from "../route-handler.ts";

export const getJob = defineRoute({
  name: "get-job",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id",
  does: "Tells about one job, by its id, its name or the beginning of its id; on request with its executions and its history.",
  query: z.object({ namespace: text(), include: listed(), limit: limit(), job_version: count() }),
  async answer(call, context) {
    const { query, request } = call;
    const parts = new Set(query.include.map((word) => word.toLowerCase()));
    const version = query.job_version;
    const history = parts.has("history") ? await jobAt(call, context) : undefined;
    const { entity, executions } =
      history === undefined ? await jobViewAt(call, context, parts.has("executions")) : viewOf(history.job);
    requireVersion(entity, version);
    const page = { limit: query.limit, version };
    return {
      Job: toWire(JobEntity, entity),
      ...(history === undefined
        ? {}
        : {
            History: historyItems(history.stored, isOver(history.job), { headers: request.headers, from: 1, ...page }),
          }),
      ...(parts.has("executions") ? { Executions: executionItems(executions, page) } : {}),
    };
  },
});

const viewOf = (job: Job) => ({ entity: jobEntity(job), executions: executionEntities(job) });
