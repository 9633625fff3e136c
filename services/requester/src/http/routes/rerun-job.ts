import { Fault } from "@shoal/core";
import { apiRoutes, fromWire } from "@shoal/proto";
import { clientActor } from "../client-actor.ts";
import { jobViewAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const rerunJob = defineHandler(apiRoutes.rerunJob, async (request, context) => {
  const read = fromWire(apiRoutes.rerunJob.body, request.body ?? {});
  if (!read.ok) throw new Fault("BAD_REQUEST", read.problems.join("\n"));
  const { jobVersion, reason } = read.value;
  const { entity } = await jobViewAt(request, context);
  const { seq } = await context.commands.rerun(entity.id, {
    version: jobVersion,
    why: reason || "Job rerun requested by user",
    actor: clientActor(request.request),
  });
  request.reflects(seq);
  return {
    jobId: entity.id,
    jobVersion: jobVersion === 0 ? entity.version : jobVersion,
    evaluationId: context.random.uuid(),
    warnings: [],
  };
});
