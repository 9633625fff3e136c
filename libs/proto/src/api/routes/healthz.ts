import { z } from "zod";
import { defineRoute } from "../route.ts";

export const healthz = defineRoute({
  name: "healthz",
  methods: ["GET"],
  path: "/healthz",
  summary: "Returns the liveness of this process; 503 when it has to be restarted.",
  query: z.object({}),
  answer: z.object({ status: z.enum(["OK", "STUCK"]).describe("whether the process works; STUCK: restart it") }),
  statuses: [200, 503],
});
