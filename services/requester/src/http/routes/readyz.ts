import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

const unavailable = 503;

export const readyz = defineHandler(apiRoutes.readyz, ({ reply }, { health }) => {
  const checks = health.checks().map((check) => ({ warning: false, ...check }));
  const ready = checks.every(({ ok }) => ok);
  if (!ready) reply.code(unavailable);
  return { ready, checks };
});
