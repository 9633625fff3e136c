import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

// The version of the response format, as Bacalhau has it.
export const agentAuthConfig = defineHandler(apiRoutes.agentAuthConfig, () => ({ version: "1.0.0", config: {} }));
