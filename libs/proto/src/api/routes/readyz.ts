import { z } from "zod";
import { defineRoute } from "../route.ts";

const Check = z.object({
  name: z.string().describe("what is checked"),
  ok: z.boolean().describe("whether it passes"),
  warning: z.boolean().describe("the check passes, but needs an operator's attention"),
  reason: z.string().describe("why it does not pass, or what needs attention; empty otherwise"),
});

export const readyz = defineRoute({
  name: "readyz",
  methods: ["GET"],
  path: "/readyz",
  summary: "Returns the readiness of this requester, with the result of each check; 503 when it is not ready.",
  query: z.object({}),
  answer: z.object({
    ready: z.boolean().describe("whether it can serve requests"),
    checks: z.array(Check).describe("what was checked"),
  }),
  statuses: [200, 503],
});
