import { apiRoutes } from "@shoal/proto";
import { resultLink } from "../../wire/result-link.ts";
import { jobViewAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const jobResults = defineHandler(apiRoutes.jobResults, async (apiRequest, context) => {
  const { request } = apiRequest;
  const { executions } = await jobViewAt(apiRequest, context, true);
  const base = context.publicUrl || `${request.protocol}://${request.host}`;
  const completed = executions.filter(
    ({ computeState, publishedResult }) => computeState.stateType === "completed" && publishedResult.type !== "",
  );
  return { nextToken: "", items: completed.map((execution) => resultLink(execution, base)) };
});
