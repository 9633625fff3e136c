import { apiRoutes, type ExecutionEntity, type SpecConfig } from "@shoal/proto";
import type { ApiContext } from "../api-context.ts";
import { jobAt, jobViewAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const jobResults = defineHandler(apiRoutes.jobResults, async (apiRequest, context) => {
  const { request } = apiRequest;
  const { executions } = await jobViewAt(apiRequest, context, true);
  const baseUrl = context.publicUrl || `${request.protocol}://${request.host}`;
  const completed = executions.filter(
    ({ computeState, publishedResult }) => computeState.stateType === "completed" && publishedResult.type !== "",
  );
  const isStored = completed.some((execution) => storeOf(context, execution) !== undefined);
  // The view has the current spec; a result belongs to the version of its execution.
  const job = isStored ? (await jobAt(apiRequest, context)).job : undefined;
  const publisherOf = ({ jobVersion }: ExecutionEntity): SpecConfig =>
    (job?.versions.get(jobVersion)?.spec ?? job?.header.spec)?.tasks[0]?.publisher ?? { type: "", params: {} };
  const link = async (execution: ExecutionEntity): Promise<SpecConfig> =>
    (await storeOf(context, execution)?.link({ execution, publisher: publisherOf(execution), baseUrl })) ??
    execution.publishedResult;
  return { nextToken: "", items: await Promise.all(completed.map(link)) };
});

const storeOf = ({ resultStores }: ApiContext, { publishedResult }: ExecutionEntity) =>
  resultStores.get(publishedResult.type.toLowerCase());
