import { Fault } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

// Upgrades are answered by logs/log-socket.ts; a plain request of the same path is handled here.
export const jobLogs = defineHandler(apiRoutes.jobLogs, () => {
  throw new Fault("BAD_REQUEST", "output is streamed over a WebSocket: expected an upgrade, got a plain request");
});
