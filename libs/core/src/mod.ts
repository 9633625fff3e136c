export { type Clock, pause } from "./clock.ts";
export { assert, Bug, causeOf, Fault } from "./fault.ts";
export { type Registry, registry } from "./registry.ts";
