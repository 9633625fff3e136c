import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

export const finishUpgrade = defineHandler(apiRoutes.finishUpgrade, (_, context) => context.cluster.finishUpgrade());
