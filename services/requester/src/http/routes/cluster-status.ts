import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

export const clusterStatus = defineHandler(apiRoutes.clusterStatus, (_, context) => context.cluster.status());
