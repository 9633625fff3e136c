import { type ApiError, ownProblem, problemOf } from "../api-error.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Route, urlOf } from "./routes.ts";

/** Carries calls to whichever requester answers. */
export interface Transport {
  readonly endpoints: Endpoints;
  /** The JSON of a successful answer. */
  call(route: Route, signal?: AbortSignal): Promise<unknown>;
  /** A successful answer whose body is still to be read. `headers` are added. */
  open(route: Route, options: OpenOptions): Promise<Response>;
}

export interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** What a client needs of the platform's fetch. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How long one requester may take to answer one call: the field's own handler limit, after which it answers by itself. */
export const callMs = 30_000;

// Statuses by which a requester or a proxy says that another one may do better.
const tryAnother: readonly number[] = [502, 503, 504];

/** Asks each endpoint once, beginning with the one that answered last, until one answers. Every route must be safe to repeat. */
export function createTransport(endpoints: Endpoints, fetch: Fetch): Transport {
  async function open(route: Route, { headers = {}, signal }: OpenOptions): Promise<Response> {
    const failures: string[] = [];
    let refusal: ApiError | undefined;
    for (const endpoint of endpoints.inOrder()) {
      const answer = await ask(endpoint, route, { headers, signal });
      signal?.throwIfAborted();
      if (typeof answer === "string") {
        failures.push(answer);
        continue;
      }
      if (answer.ok) {
        endpoints.prefer(endpoint);
        return answer;
      }
      refusal = problemOf(answer.status, await answer.text());
      if (!tryAnother.includes(answer.status)) throw refusal;
    }
    throw refusal ?? ownProblem("API_UNREACHABLE", failures.join("; "));
  }

  async function ask(endpoint: string, route: Route, options: OpenOptions): Promise<Response | string> {
    const body = route.body === undefined ? {} : { body: JSON.stringify(route.body) };
    const json = route.body === undefined ? {} : { "content-type": "application/json" };
    const signal = options.signal ?? null;
    try {
      return await fetch(urlOf(endpoint, route), {
        method: route.method,
        headers: { accept: "application/json", ...json, ...options.headers },
        signal,
        ...body,
      });
    } catch (failure) {
      return `${endpoint}: ${reasonOf(failure)}`;
    }
  }

  async function call(route: Route, signal?: AbortSignal): Promise<unknown> {
    const limit = AbortSignal.timeout(callMs);
    const answer = await open(route, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
    const text = await answer.text();
    try {
      return JSON.parse(text);
    } catch (failure) {
      throw ownProblem("INTERNAL", `the answer to ${route.method} ${route.path} is not JSON`, failure);
    }
  }

  return { endpoints, call, open };
}

/** Why a connection failed; the platform hides the reason in the cause. */
export function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const { cause } = failure;
  if (!(cause instanceof Error)) return failure.message;
  // Several addresses that failed together have no message of their own, only a code.
  return cause.message || ("code" in cause && typeof cause.code === "string" ? cause.code : failure.message);
}
