import { z } from "zod";
import { JobEntity } from "../job.ts";
import { pageOf } from "../page.ts";
import { joined, oneOf, paging, text } from "../query.ts";
import { defineRoute } from "../route.ts";

export const listJobs = defineRoute({
  name: "listJobs",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs",
  summary:
    "Lists jobs by time, in pages. A page is shorter than its limit when it is the last one, when its jobs exceed 4 MiB, or when a search by labels takes longer than 5 s; the NextToken continues it.",
  query: z.object({
    namespace: text().describe("jobs of this namespace; all namespaces when unset or `*`"),
    ...paging,
    orderBy: oneOf(["created_at", "modified_at"]).describe("the order of the list"),
    labels: joined().describe("a label selector, as in `a=b,c in (d,e)`"),
  }),
  answer: pageOf(JobEntity).extend({
    rebuilding: z.boolean().optional().describe("the list is being rebuilt: jobs may be missing"),
  }),
});
