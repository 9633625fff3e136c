// Finds and starts a server without the client library: what a devstack loads.
export { findServer, type ServerProgram } from "./find-server.ts";
export type { ServerSettings, ServerUser } from "./server-config.ts";
export { type RunningServer, startServer } from "./start-server.ts";
