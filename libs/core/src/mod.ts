export { type Clock, pause } from "./clock.ts";
export {
  type Given,
  listOf,
  readConfig,
  type Setting,
  secret,
  settingsOf,
  shownConfig,
  yesOrNo,
} from "./config/config.ts";
export { assert, Bug, causeOf, Fault } from "./fault.ts";
export type { Chance } from "./ports/chance.ts";
export type { Checkpoint, Checkpoints } from "./ports/checkpoints.ts";
export {
  type EventLog,
  type Following,
  type LogFilter,
  noTip,
  type StoredCommit,
  type Tip,
} from "./ports/event-log.ts";
export type { Feed } from "./ports/feed.ts";
export type { Lease, Leases, LeaseWatcher } from "./ports/leases.ts";
export type { LogChunk, LogReader, LogSender } from "./ports/log-stream.ts";
export type { Market, Stall } from "./ports/market.ts";
export type { OutgoingReport, ReceivedReport, ReportQueue, ReportSender } from "./ports/report-queue.ts";
export type { ViewEntry, ViewStore, ViewWatcher } from "./ports/view-store.ts";
export { type Process, runUntil } from "./process.ts";
export { type Registry, registry } from "./registry.ts";
