export { type LineSplitter, lineSplitter } from "./line-splitter.ts";
export { type PersistedValueOptions, persistedValue } from "./persisted-value.ts";
export { type BoxKey, newBoxKey, newKeyPem, openSealed, publicKeyOf, sealTo } from "./sealed-box.ts";
export type { ServiceHealth } from "./service-health.ts";
export { type ServiceLogger, type ServiceLoggerOptions, serviceLogger } from "./service-logger.ts";
export { systemClock } from "./system-clock.ts";
export { systemRandom } from "./system-random.ts";
export { TarRefusal } from "./tar/tar-refusal.ts";
export {
  type FilePlace,
  type TarBudget,
  type TarFile,
  type TarUnpacked,
  type TarUnpacking,
  unpackTar,
} from "./tar/unpack-tar.ts";
