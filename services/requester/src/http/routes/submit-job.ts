import { apiRoutes } from "@shoal/proto";
import { serverMeta } from "../../wire/server-meta.ts";
import { readSubmission } from "../../wire/submission.ts";
import { clientActor } from "../client-actor.ts";
import { acknowledge } from "../job-at.ts";
import { defineHandler } from "../route-handler.ts";

export const submitJob = defineHandler(apiRoutes.submitJob, async (exchange, context) => {
  const { body, query, request } = exchange;
  const submission = readSubmission(body, query.namespace ?? "");
  const token = submission.token || query.idempotencyToken || "";
  const meta = { ...submission.spec.meta, ...serverMeta(context.requesterId, request.headers) };
  const { jobId, seq } = await context.commands.submit({
    spec: { ...submission.spec, meta },
    force: submission.force,
    ...(token === "" ? {} : { token }),
    actor: clientActor(request),
  });
  acknowledge(exchange, context, { jobId, seq });
  return { jobId, evaluationId: context.random.uuid(), warnings: [...submission.warnings] };
});
