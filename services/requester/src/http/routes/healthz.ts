import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

const unavailable = 503;

export const healthz = defineHandler(apiRoutes.healthz, ({ reply }, { health }) => {
  if (health.alive()) return { status: "OK" as const };
  reply.code(unavailable);
  return { status: "STUCK" as const };
});
