import { z } from "zod";
import { handedOut } from "../../wire/result-link.ts";
import { jobViewAt } from "../job-at.ts";
import { text } from "../query.ts";
import { defineRoute } from "../route-handler.ts";

export const jobResults = defineRoute({
  name: "job-results",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/results",
  does: "Lists where the results of a job's completed executions can be fetched.",
  query: z.object({ namespace: text() }),
  async answer(call, context) {
    const { request } = call;
    const { executions } = await jobViewAt(call, context, true);
    const base = context.publicUrl || `${request.protocol}://${request.host}`;
    const results = executions
      .filter(
        ({ computeState, publishedResult }) => computeState.stateType === "completed" && publishedResult.type !== "",
      )
      .map((execution) => handedOut(execution, base));
    return { NextToken: "", Items: results };
  },
});
