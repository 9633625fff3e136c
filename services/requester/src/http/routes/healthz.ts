import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

const unavailable = 503;

export const healthz = defineRoute({
  name: "healthz",
  methods: ["GET"],
  path: "/healthz",
  does: "Says whether this process works; 503 when only a restart helps.",
  query: z.object({}),
  answer: ({ reply }, { health }) => {
    if (health.alive()) return { Status: "OK" };
    reply.code(unavailable);
    return { Status: "STUCK" };
  },
});
