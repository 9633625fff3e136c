import {
  type AnswerOf,
  type ApiRoute,
  apiRoutes,
  type BuildVersion,
  type ExecutionEntity,
  type HistoryEntity,
  type InputOf,
  type JobEntity,
  type NodeEntity,
  type SpecConfig,
} from "@shoal/proto";
import type { FeedEvent } from "./events/feed-event.ts";
import { type FollowOptions, followEvents } from "./events/follow-events.ts";
import { followLogs, type LogLine, type LogsOptions } from "./logs.ts";
import { readAnswer } from "./read-answer.ts";
import { endpointsOf } from "./transport/endpoints.ts";
import { routeOf } from "./transport/routes.ts";
import { createTransport, type Fetch } from "./transport/transport.ts";
import { type WaitOptions, waitForJob } from "./wait-for-job.ts";

/** Which requesters a client calls, and how. */
export interface ClientOptions {
  /** Full URLs of requesters, such as http://127.0.0.1:1234. With several, the client fails over between them. */
  readonly endpoints: string | readonly string[];
  /** Replaces the platform's fetch. */
  readonly fetch?: Fetch;
}

/** The response to a submission. */
export type Submitted = AnswerOf<typeof apiRoutes.submitJob>;

/** Options of a submission. */
export interface SubmitOptions {
  /** Identifies repeated submissions of one job. By default every call submits a new job. */
  readonly idempotencyToken?: string | undefined;
  /** Update the job of this name even if its spec is the same; false when left out. */
  readonly force?: boolean | undefined;
}

export interface RerunOptions {
  /** The version whose spec is run; the current one when left out. */
  readonly version?: number | undefined;
  /** Stored in the history. */
  readonly reason?: string | undefined;
  readonly namespace?: string | undefined;
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Requests the next page; empty on the last one. */
  readonly nextToken: string;
}

/** The query of a route, without the elements of its path. */
type QueryInput<R extends ApiRoute> = Omit<InputOf<R>, "id">;

type Routes = typeof apiRoutes;

/** The HTTP API of Shoal, typed. Every method throws ApiError. */
export interface Client {
  /** Calls any route that answers JSON: `client.ask(apiRoutes.getJob, { id })`. */
  ask<R extends ApiRoute>(route: R, input: InputOf<R>, body?: unknown): Promise<AnswerOf<R>>;
  /** Calls a route and returns the JSON unread; `readAnswer` reads it. */
  call<R extends ApiRoute>(route: R, input: InputOf<R>, body?: unknown): Promise<unknown>;
  /** Submits a job spec in the wire format (keys in any case). Retried at another requester when one does not answer. */
  submit(spec: unknown, options?: SubmitOptions): Promise<Submitted>;
  /** A job by its name, id or a unique prefix of its id. */
  job(id: string, query?: QueryInput<Routes["getJob"]>): Promise<JobEntity>;
  jobs(query?: InputOf<Routes["listJobs"]>): Promise<Page<JobEntity>>;
  executions(jobId: string, query?: QueryInput<Routes["jobExecutions"]>): Promise<Page<ExecutionEntity>>;
  /** The history of a job. Until the job has ended every page has a next token; an empty page means that no new entry exists. */
  history(jobId: string, query?: QueryInput<Routes["jobHistory"]>): Promise<Page<HistoryEntity>>;
  /** The locations of the job's results. */
  results(jobId: string, query?: QueryInput<Routes["jobResults"]>): Promise<readonly SpecConfig[]>;
  /** Runs the spec of a version, 0 for the current one, as a new version of the job. */
  rerun(jobId: string, options?: RerunOptions): Promise<AnswerOf<Routes["rerunJob"]>>;
  /** The lines of a spec that an update of the job of its name would change; empty when there are none. */
  diff(spec: unknown): Promise<AnswerOf<Routes["diffJob"]>>;
  /** The stored versions of a job, oldest first. */
  versions(jobId: string, query?: QueryInput<Routes["jobVersions"]>): Promise<readonly JobEntity[]>;
  stop(jobId: string, reason?: string, query?: QueryInput<Routes["stopJob"]>): Promise<void>;
  nodes(query?: InputOf<Routes["listNodes"]>): Promise<readonly NodeEntity[]>;
  node(id: string): Promise<NodeEntity>;
  /** Resolves when a requester answers. */
  alive(): Promise<void>;
  version(): Promise<BuildVersion>;
  events(options?: FollowOptions): AsyncGenerator<FeedEvent, void>;
  logs(jobId: string, options?: LogsOptions): AsyncGenerator<LogLine, void>;
  waitForJob(id: string, options?: WaitOptions): Promise<JobEntity>;
}

/** Creates a client of one or several requesters; makes no call. Throws ApiError when an endpoint is not an HTTP URL. */
export function createClient({ endpoints, fetch = globalThis.fetch }: ClientOptions): Client {
  const transport = createTransport(endpointsOf(typeof endpoints === "string" ? [endpoints] : endpoints), fetch);
  const call: Client["call"] = (route, input, body) => transport.call(routeOf(route, input, body));
  const ask: Client["ask"] = async (route, input, body) => readAnswer(route, await call(route, input, body));
  const client: Client = {
    ask,
    call,
    submit: (spec, { idempotencyToken = crypto.randomUUID(), force = false } = {}) =>
      ask(apiRoutes.submitJob, { idempotencyToken }, { Job: spec, Force: force, IdempotencyToken: idempotencyToken }),
    rerun: (id, { version = 0, reason = "", ...query } = {}) =>
      ask(apiRoutes.rerunJob, { ...query, id }, { JobVersion: version, Reason: reason }),
    diff: (spec) => ask(apiRoutes.diffJob, {}, { Job: spec }),
    versions: async (id, query) => (await ask(apiRoutes.jobVersions, { ...query, id })).items,
    job: async (id, query) => (await ask(apiRoutes.getJob, { ...query, id })).job,
    jobs: (query = {}) => ask(apiRoutes.listJobs, query),
    executions: (id, query) => ask(apiRoutes.jobExecutions, { ...query, id }),
    history: (id, query) => ask(apiRoutes.jobHistory, { ...query, id }),
    results: async (id, query) => (await ask(apiRoutes.jobResults, { ...query, id })).items,
    async stop(id, reason = "", query = {}) {
      await call(apiRoutes.stopJob, { ...query, id, reason });
    },
    nodes: async (query = {}) => (await ask(apiRoutes.listNodes, query)).nodes,
    node: async (id) => (await ask(apiRoutes.getNode, { id })).node,
    async alive() {
      await call(apiRoutes.agentAlive, {});
    },
    version: () => ask(apiRoutes.agentVersion, {}),
    events: (options = {}) => followEvents(transport, options),
    logs: (jobId, options = {}) => followLogs(transport, jobId, options),
    waitForJob: (id, options) => waitForJob(client, id, options),
  };
  return client;
}
