export { ApiError, type ApiProblem } from "./api-error.ts";
export {
  type Client,
  type ClientOptions,
  createClient,
  type Page,
  type SubmitOptions,
  type Submitted,
} from "./client.ts";
export type { CloudEventEnvelope, FeedEvent } from "./events/feed-event.ts";
export { type FollowOptions, reconnect } from "./events/follow-events.ts";
export { type LogLine, type LogsOptions, waitingMax } from "./logs.ts";
export { readAnswer } from "./read-answer.ts";
export { type Route, routeOf } from "./transport/routes.ts";
export { callMs, type Fetch } from "./transport/transport.ts";
export { isOver, type WaitOptions } from "./wait-for-job.ts";
