import { JobEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { jobViewAt } from "../job-at.ts";
import { text } from "../query.ts";
import { defineRoute } from "../route-handler.ts";

export const jobVersions = defineRoute({
  name: "job-versions",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/versions",
  does: "Lists the versions of a job, oldest first.",
  query: z.object({ namespace: text() }),
  async answer(call, context) {
    const { entity } = await jobViewAt(call, context);
    return { NextToken: "", Items: [toWire(JobEntity, entity)] };
  },
});
