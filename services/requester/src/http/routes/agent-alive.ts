import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

export const agentAlive = defineHandler(apiRoutes.agentAlive, () => ({ status: "OK" as const }));
