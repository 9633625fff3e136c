import { z } from "zod";
import { serverMeta } from "../../wire/server-meta.ts";
import { readSubmission } from "../../wire/submission.ts";
import { clientActor } from "../client-actor.ts";
import { apiLimits } from "../limits.ts";
import { text } from "../query.ts";
import { defineRoute } from "../route-handler.ts";

export const submitJob = defineRoute({
  name: "submit-job",
  methods: ["PUT", "POST"],
  path: "/api/v1/orchestrator/jobs",
  does: "Submits a job. With an idempotency token the same call twice makes one job.",
  query: z.object({ namespace: text(), idempotency_token: text(apiLimits.tokenChars) }),
  async answer({ body, query, request, reflects }, context) {
    const submission = readSubmission(body, query.namespace ?? "");
    const token = submission.token || query.idempotency_token || "";
    const meta = { ...submission.spec.meta, ...serverMeta(context.requesterId, request.headers) };
    const { jobId, seq } = await context.commands.submit({
      spec: { ...submission.spec, meta },
      ...(token === "" ? {} : { token }),
      actor: clientActor(request),
    });
    reflects(seq);
    return { JobID: jobId, EvaluationID: context.random.uuid(), Warnings: submission.warnings };
  },
});
