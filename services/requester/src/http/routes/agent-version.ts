import { apiRoutes } from "@shoal/proto";
import { build } from "../../build.ts";
import { defineHandler } from "../route-handler.ts";

export const agentVersion = defineHandler(apiRoutes.agentVersion, () => build);
