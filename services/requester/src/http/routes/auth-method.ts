import { Fault } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { clientKey, requirement } from "../auth/client-key.ts";
import { defineHandler } from "../route-handler.ts";

export const authMethod = defineHandler(apiRoutes.authMethod, ({ param }, { secret, clock }) => {
  if (param("name") === clientKey) return requirement(secret, clock.now());
  throw new Fault("NOT_FOUND", `authentication method not found: ${param("name")} (available: ${clientKey})`);
});
