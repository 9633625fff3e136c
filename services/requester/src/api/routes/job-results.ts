import { z } from "zod";
import { jobViewAt } from "../job-at.ts";
import { text } from "../query.ts";
import { handedOut } from "../result-link.ts";
import { defineRoute } from "../route.ts";

export const jobResults = defineRoute({
  name: "job-results",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/results",
  does: "Lists where the results of a job's completed executions can be fetched.",
  query: z.object({ namespace: text() }),
  async answer(call, front) {
    const { request } = call;
    const { executions } = await jobViewAt(call, front, true);
    const base = front.publicUrl || `${request.protocol}://${request.host}`;
    const results = executions
      .filter(
        ({ computeState, publishedResult }) => computeState.stateType === "completed" && publishedResult.type !== "",
      )
      .map((execution) => handedOut(execution, base));
    return { NextToken: "", Items: results };
  },
});
