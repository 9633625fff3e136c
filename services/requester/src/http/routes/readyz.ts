import { readinessOf } from "@shoal/nats";
import { z } from "zod";
import { defineRoute } from "../route-handler.ts";

const unavailable = 503;

export const readyz = defineRoute({
  name: "readyz",
  methods: ["GET"],
  path: "/readyz",
  does: "Says whether this requester can do its work, with the reason of each check; 503 when it cannot.",
  query: z.object({}),
  answer: ({ reply }, { health }) => {
    const readiness = readinessOf(health.checks());
    if (!readiness.Ready) reply.code(unavailable);
    return readiness;
  },
});
