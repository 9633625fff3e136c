import { jobEntity } from "@shoal/core";
import { JobEntity, toWire } from "@shoal/proto";
import { z } from "zod";
import { jobAt } from "../job-at.ts";
import { text } from "../query.ts";
import { defineRoute } from "../route.ts";

export const jobVersions = defineRoute({
  name: "job-versions",
  methods: ["GET"],
  path: "/api/v1/orchestrator/jobs/:id/versions",
  does: "Lists the versions of a job, oldest first.",
  query: z.object({ namespace: text() }),
  async answer(call, front) {
    const { job } = await jobAt(call, front);
    return { NextToken: "", Items: [toWire(JobEntity, jobEntity(job))] };
  },
});
