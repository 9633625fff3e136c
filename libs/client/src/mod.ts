export { ApiError, type ApiProblem } from "./api-error.ts";
export { type Client, type ClientOptions, createClient, type SubmitOptions, type Submitted } from "./client.ts";
export type { CloudEvent, FeedEvent } from "./events/feed-event.ts";
export { type FollowOptions, reconnect } from "./events/follow-events.ts";
export { createSseParser, type SseMessage, type SseParser } from "./events/sse-parser.ts";
export { type LogLine, type LogsOptions, waitingMax } from "./logs.ts";
export {
  type Page,
  readCluster,
  readExecution,
  readFinishedUpgrade,
  readHistory,
  readJob,
  readNode,
  readResult,
  readVersion,
} from "./read.ts";
export {
  type EventsQuery,
  type HistoryQuery,
  type InNamespace,
  type LogsQuery,
  type Paging,
  type Query,
  type Route,
  routes,
} from "./transport/routes.ts";
export { callMs, type Fetch } from "./transport/transport.ts";
export { isOver, type WaitOptions } from "./wait-for-job.ts";
