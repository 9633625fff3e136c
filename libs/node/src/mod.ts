export { type PersistedValueOptions, persistedValue } from "./persisted-value.ts";
export { type ServiceLogger, type ServiceLoggerOptions, serviceLogger } from "./service-logger.ts";
export { systemClock } from "./system-clock.ts";
export { systemRandom } from "./system-random.ts";
export { type TimeLimit, within } from "./within.ts";
