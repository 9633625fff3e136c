import { apiRoutes } from "@shoal/proto";
import { jobViewAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const jobVersions = defineHandler(apiRoutes.jobVersions, async (request, context) => {
  const { entity } = await jobViewAt(request, context);
  return { nextToken: "", items: [entity] };
});
