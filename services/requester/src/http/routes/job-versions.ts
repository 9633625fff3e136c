import { versionEntities } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { jobAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const jobVersions = defineHandler(apiRoutes.jobVersions, async (request, context) => {
  const { job } = await jobAt(request, context);
  return { nextToken: "", items: [...versionEntities(job)] };
});
