import { z } from "zod";
import { defineRoute } from "../route.ts";

export const healthz = defineRoute({
  name: "healthz",
  methods: ["GET"],
  path: "/healthz",
  summary: "Shows whether this process works; 503 when only a restart helps.",
  query: z.object({}),
  answer: z.object({ status: z.enum(["OK", "STUCK"]) }),
  statuses: [200, 503],
});
