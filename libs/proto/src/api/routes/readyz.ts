import { z } from "zod";
import { defineRoute } from "../route.ts";

const Check = z.object({
  name: z.string(),
  ok: z.boolean(),
  warning: z.boolean().describe("it works, and an operator should look"),
  reason: z.string(),
});

export const readyz = defineRoute({
  name: "readyz",
  methods: ["GET"],
  path: "/readyz",
  summary: "Shows whether this requester can do its work, with the reason of each check; 503 when it cannot.",
  query: z.object({}),
  answer: z.object({ ready: z.boolean(), checks: z.array(Check) }),
  statuses: [200, 503],
});
