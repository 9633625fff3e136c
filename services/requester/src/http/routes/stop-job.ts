import { fromWire } from "@shoal/proto";
import { z } from "zod";
import { clientActor } from "../client-actor.ts";
import { jobViewAt } from "../job-at.ts";
import { text } from "../query.ts";
import { defineRoute } from "../route-handler.ts";

// A reason is a sentence; it stands in the log for ever.
const reasonChars = 1024;
const Body = z.object({ reason: z.string().max(reasonChars).default("") });

export const stopJob = defineRoute({
  name: "stop-job",
  methods: ["DELETE"],
  path: "/api/v1/orchestrator/jobs/:id",
  does: "Stops a job; one that is stopped already stays so, and the answer's EvaluationID is empty then.",
  query: z.object({ namespace: text(), reason: text(reasonChars) }),
  async answer(call, context) {
    const { body, query } = call;
    const read = fromWire(Body, body ?? {});
    const reason = query.reason ?? (read.ok ? read.value.reason : "");
    const { entity } = await jobViewAt(call, context);
    const { seq, changed } = await context.commands.stop(entity.id, {
      why: reason || "stopped by user request",
      actor: clientActor(call.request),
    });
    call.reflects(seq);
    return { EvaluationID: changed ? context.random.uuid() : "" };
  },
});
