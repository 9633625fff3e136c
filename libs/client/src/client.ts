import type { BuildVersion, ExecutionEntity, HistoryEntity, JobEntity, NodeEntity, SpecConfig } from "@shoal/proto";
import type { FeedEvent } from "./events/feed-event.ts";
import { type FollowOptions, followEvents } from "./events/follow-events.ts";
import { followLogs, type LogLine, type LogsOptions } from "./logs.ts";
import * as read from "./read.ts";
import { endpointsOf } from "./transport/endpoints.ts";
import { type HistoryQuery, type InNamespace, type Paging, type Route, routes } from "./transport/routes.ts";
import { createTransport, type Fetch } from "./transport/transport.ts";
import { type WaitOptions, waitForJob } from "./wait-for-job.ts";

/** Whom a client asks, and how. */
export interface ClientOptions {
  /** Full URLs of requesters, such as http://127.0.0.1:1234. With several, each stands in for the others. */
  readonly endpoints: string | readonly string[];
  /** Instead of the platform's own. */
  readonly fetch?: Fetch;
}

/** What a submission is answered with. */
export interface Submitted {
  readonly jobId: string;
  readonly evaluationId: string;
  /** What was changed or left out of the spec. */
  readonly warnings: readonly string[];
}

/** How a job is submitted. */
export interface SubmitOptions {
  /** Makes a repeated submission the same one. By default every call is a new one. */
  readonly idempotencyToken?: string | undefined;
}

/** The HTTP API of Shoal, typed. Every method throws ApiError. */
export interface Client {
  /** Submits a job spec in the wire format (keys in any case). Repeated at another requester when one does not answer. */
  submit(spec: unknown, options?: SubmitOptions): Promise<Submitted>;
  /** A job by its name, id or a unique prefix of its id. */
  job(id: string, query?: InNamespace): Promise<JobEntity>;
  jobs(query?: Paging & InNamespace & { readonly labels?: string | undefined }): Promise<read.Page<JobEntity>>;
  executions(jobId: string, query?: Paging & InNamespace): Promise<read.Page<ExecutionEntity>>;
  /** The story of a job. While it is not over there is always a next token; an empty page means "nothing new". */
  history(jobId: string, query?: HistoryQuery): Promise<read.Page<HistoryEntity>>;
  /** Where the results lie. */
  results(jobId: string, query?: InNamespace): Promise<readonly SpecConfig[]>;
  stop(jobId: string, reason?: string, query?: InNamespace): Promise<void>;
  nodes(query?: Paging & { readonly labels?: string | undefined }): Promise<readonly NodeEntity[]>;
  node(id: string): Promise<NodeEntity>;
  /** Resolves when a requester answers. */
  alive(): Promise<void>;
  version(): Promise<BuildVersion>;
  events(options?: FollowOptions): AsyncGenerator<FeedEvent, void>;
  logs(jobId: string, options?: LogsOptions): AsyncGenerator<LogLine, void>;
  waitForJob(id: string, options?: WaitOptions): Promise<JobEntity>;
  /** Any call, answered with the JSON as it came. */
  call(route: Route, signal?: AbortSignal): Promise<unknown>;
}

/** A client of one or several requesters; makes no call by itself. Throws ApiError when an endpoint is no HTTP URL. */
export function createClient({ endpoints, fetch = globalThis.fetch }: ClientOptions): Client {
  const transport = createTransport(endpointsOf(typeof endpoints === "string" ? [endpoints] : endpoints), fetch);
  const { call } = transport;
  const client: Client = {
    call,
    async submit(spec, { idempotencyToken = crypto.randomUUID() } = {}) {
      const json = await call(routes.submit(spec, idempotencyToken));
      const warnings = read.listOf(json, "Warnings").map(String);
      return { jobId: read.textOf(json, "JobID"), evaluationId: read.textOf(json, "EvaluationID"), warnings };
    },
    job: async (id, query) => read.readJob(read.fieldOf(await call(routes.job(id, query)), "Job")),
    jobs: async (query) => read.pageOf(await call(routes.jobs(query)), "Items", read.readJob),
    executions: async (id, query) => read.pageOf(await call(routes.executions(id, query)), "Items", read.readExecution),
    history: async (id, query) => read.pageOf(await call(routes.history(id, query)), "Items", read.readHistory),
    results: async (id, query) => read.listOf(await call(routes.results(id, query)), "Items").map(read.readResult),
    async stop(id, reason = "", query = {}) {
      await call(routes.stop(id, reason, query));
    },
    nodes: async (query) => read.listOf(await call(routes.nodes(query)), "Nodes").map(read.readNode),
    node: async (id) => read.readNode(read.fieldOf(await call(routes.node(id)), "Node")),
    async alive() {
      await call(routes.alive());
    },
    version: async () => read.readVersion(await call(routes.version())),
    events: (options = {}) => followEvents(transport, options),
    logs: (jobId, options = {}) => followLogs(transport, jobId, options),
    waitForJob: (id, options) => waitForJob(client, id, options),
  };
  return client;
}
