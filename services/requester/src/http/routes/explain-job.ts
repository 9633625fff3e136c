import { explainJob as explain } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { jobAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const explainJob = defineHandler(apiRoutes.explainJob, async (request, context) => {
  const { job, stored } = await jobAt(request, context);
  return { explanation: explain({ job, stored, nodes: context.nodes.all(), now: context.clock.now() }) };
});
