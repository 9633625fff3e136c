import { apiRoutes, type ExecutionEntity, type SpecConfig } from "@shoal/proto";
import { z } from "zod";
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

const NatsResult = z.looseObject({ Object: z.string() });

/**
 * A published result as clients get it: an object in the object store becomes a link to this API, so that no port of
 * the node is needed.
 */
function resultLink({ publishedResult, nodeId }: ExecutionEntity, base: string): SpecConfig {
  const stored = publishedResult.type === "nats" ? NatsResult.safeParse(publishedResult.params) : undefined;
  if (stored?.success !== true) return publishedResult;
  const path = apiRoutes.resultObject.path
    .replace(":nodeId", () => encodeURIComponent(nodeId))
    .replace(":object", () => encodeURIComponent(stored.data.Object));
  return { type: "urlDownload", params: { URL: `${base}${path}` } };
}
