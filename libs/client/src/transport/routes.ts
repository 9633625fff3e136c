/** One call of the API, without the host. */
export interface Route {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
}

/** What stands behind the question mark; undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** How lists are asked for, one page at a time. */
export interface Paging {
  readonly limit?: number | undefined;
  readonly nextToken?: string | undefined;
  /** Such as `created_at`. */
  readonly orderBy?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/** Where a job is looked for; without it the API looks in `default`. */
export interface InNamespace {
  readonly namespace?: string | undefined;
}

/** Which entries of a job's story. */
export interface HistoryQuery extends Paging, InNamespace {
  readonly eventType?: "all" | "job" | "execution" | undefined;
  /** A prefix is enough. */
  readonly executionId?: string | undefined;
}

/** Which events of the feed. */
export interface EventsQuery extends InNamespace {
  readonly jobId?: string | undefined;
  /** Deliver from behind this log position; 0 is the beginning. Without it: from now on. */
  readonly after?: number | undefined;
}

/** Which output of a job. */
export interface LogsQuery extends InNamespace {
  readonly executionId?: string | undefined;
  /** Wait for output that is still to come. */
  readonly follow?: boolean | undefined;
  /** Leave out what was written before. */
  readonly tail?: boolean | undefined;
}

const agent = "/api/v1/agent";
const jobs = "/api/v1/orchestrator/jobs";
const cluster = "/api/v1/orchestrator/cluster";
const nodes = "/api/v1/orchestrator/nodes";

const job = (id: string, rest = ""): string => `${jobs}/${encodeURIComponent(id)}${rest}`;
const paged = ({ limit, nextToken, orderBy, reverse }: Paging): Query => ({
  limit,
  next_token: nextToken,
  order_by: orderBy,
  reverse,
});

/** Every call that the client knows, as data. */
export const routes = {
  alive: (): Route => ({ method: "GET", path: `${agent}/alive` }),
  version: (): Route => ({ method: "GET", path: `${agent}/version` }),
  node: (id: string): Route => ({ method: "GET", path: `${nodes}/${encodeURIComponent(id)}` }),
  nodes: (query: Paging & { readonly labels?: string | undefined } = {}): Route => ({
    method: "GET",
    path: nodes,
    query: { ...paged(query), labels: query.labels },
  }),
  cluster: (): Route => ({ method: "GET", path: cluster }),
  finishUpgrade: (): Route => ({ method: "PUT", path: `${cluster}/upgrade` }),
  submit: (spec: unknown, token: string): Route => ({
    method: "PUT",
    path: jobs,
    query: { idempotency_token: token },
    body: { Job: spec, Force: false, IdempotencyToken: token },
  }),
  jobs: (query: Paging & InNamespace & { readonly labels?: string | undefined } = {}): Route => ({
    method: "GET",
    path: jobs,
    query: { ...paged(query), namespace: query.namespace, labels: query.labels },
  }),
  job: (id: string, query: InNamespace & { readonly include?: string | undefined } = {}): Route => ({
    method: "GET",
    path: job(id),
    query: { namespace: query.namespace, include: query.include },
  }),
  executions: (id: string, query: Paging & InNamespace = {}): Route => ({
    method: "GET",
    path: job(id, "/executions"),
    query: { ...paged(query), namespace: query.namespace },
  }),
  history: (id: string, query: HistoryQuery = {}): Route => ({
    method: "GET",
    path: job(id, "/history"),
    query: {
      ...paged(query),
      namespace: query.namespace,
      event_type: query.eventType,
      execution_id: query.executionId,
    },
  }),
  results: (id: string, query: InNamespace = {}): Route => ({
    method: "GET",
    path: job(id, "/results"),
    query: { namespace: query.namespace },
  }),
  stop: (id: string, reason: string, query: InNamespace = {}): Route => ({
    method: "DELETE",
    path: job(id),
    query: { namespace: query.namespace, reason },
  }),
  events: (query: EventsQuery): Route => ({
    method: "GET",
    path: "/api/v1/orchestrator/events",
    query: { namespace: query.namespace, job_id: query.jobId, after: query.after },
  }),
  logs: (id: string, query: LogsQuery): Route => ({
    method: "GET",
    path: job(id, "/logs"),
    query: {
      namespace: query.namespace,
      execution_id: query.executionId,
      follow: query.follow,
      tail: query.tail,
    },
  }),
} as const;

/** The full URL of a call; what is undefined is left out of the query. */
export function urlOf(endpoint: string, { path, query = {} }: Route): string {
  const asked = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] satisfies [string, string]],
  );
  return asked.length === 0 ? `${endpoint}${path}` : `${endpoint}${path}?${new URLSearchParams(asked)}`;
}
