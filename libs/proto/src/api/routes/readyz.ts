import { z } from "zod";
import { defineRoute } from "../route.ts";

const Check = z.object({
  name: z.string(),
  ok: z.boolean(),
  warning: z.boolean().describe("the check passes, but needs an operator's attention"),
  reason: z.string(),
});

export const readyz = defineRoute({
  name: "readyz",
  methods: ["GET"],
  path: "/readyz",
  summary: "Returns the readiness of this requester, with the result of each check; 503 when it is not ready.",
  query: z.object({}),
  answer: z.object({ ready: z.boolean(), checks: z.array(Check) }),
  statuses: [200, 503],
});
