import { apiRoutes, fromWire } from "@shoal/proto";
import { clientActor } from "../client-actor.ts";
import { acknowledge, jobViewAt } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const stopJob = defineHandler(apiRoutes.stopJob, async (request, context) => {
  const { body, query } = request;
  const read = fromWire(apiRoutes.stopJob.body, body ?? {});
  const reason = query.reason ?? (read.ok ? read.value.reason : "");
  const { entity } = await jobViewAt(request, context);
  const { seq, changed } = await context.commands.stop(entity.id, {
    why: reason || "stopped by user request",
    actor: clientActor(request.request),
  });
  acknowledge(request, context, { jobId: entity.id, seq });
  return { evaluationId: changed ? context.random.uuid() : "" };
});
