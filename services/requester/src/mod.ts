export { inMemory } from "./catalog/open-database.ts";
export { createCatalog } from "./catalog/sqlite-catalog.ts";
export { RequesterConfig } from "./config.ts";
export { createRequester, type Requester, type RequesterSettings } from "./create-requester.ts";
export type { RequesterPorts } from "./ports.ts";
export { repairLog } from "./repair.ts";
export { type RequesterFacts, type RequesterServing, serveRequester } from "./serve.ts";
export type { AsOf, JobAsOf } from "./verify/as-of.ts";
export { type OpenReplay, openReplay, type RebuildScope } from "./verify/open-replay.ts";
export type {
  RebuildOptions,
  RebuildProgress,
  RebuildSummary,
} from "./verify/rebuild-views.ts";
export type { Anchor, ChainProblem, ForeignMessage, Mismatch, ReplayReport, Sampled } from "./verify/report.ts";
export { type VerifyOptions, type VerifyParts, verifyViews } from "./verify/view-verifier.ts";
