import { z } from "zod";
import { HistoryEntity } from "../history.ts";
import { pageOf } from "../page.ts";
import { count, flag, inNamespace, oneOf, paging, text } from "../query.ts";
import { defineRoute } from "../route.ts";

export const jobHistory = defineRoute({
  name: "jobHistory",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/history",
  summary:
    "Lists the events of a job as sentences. Until the job has ended every page has a NextToken: use it to get later events.",
  query: z.object({
    ...inNamespace,
    since: count().describe("entries from this time on, in seconds since the epoch"),
    eventType: oneOf(["all", "job", "execution"]).describe("events of the job itself, of its executions, or all"),
    executionId: text().describe("one execution, by id or id prefix"),
    limit: paging.limit,
    nextToken: paging.nextToken,
    jobVersion: count().describe("entries of one version of the job; of the latest when unset"),
    allJobVersions: flag().describe("entries of all versions, whatever job_version is"),
  }),
  answer: pageOf(HistoryEntity),
});
