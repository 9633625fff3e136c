import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

// The version is that of the answer's form, as Bacalhau gives it.
export const agentAuthConfig = defineHandler(apiRoutes.agentAuthConfig, () => ({ version: "1.0.0", config: {} }));
