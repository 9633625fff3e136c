import { errors } from "@shoal/proto";
import { type ApiError, ownProblem, problemOf } from "../api-error.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Route, urlOf } from "./routes.ts";

/** Sends calls to the first requester that answers. */
export interface Transport {
  readonly endpoints: Endpoints;
  /** The JSON of a successful response. */
  call(route: Route, signal?: AbortSignal): Promise<unknown>;
  /** A successful response whose body is unread. `headers` are added. */
  open(route: Route, options: OpenOptions): Promise<Response>;
}

export interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The part of the platform's fetch that a client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The timeout of one call to one requester: Bacalhau's handler limit, after which the server itself answers with an error. */
export const callMs = 30_000;

/** In a response: the log position that it reflects. In a call: the lowest position that the response may reflect. */
const positionHeader = "x-shoal-position";

/** 0 when the response has none, as those of other servers. */
function positionOf({ headers }: Response): number {
  const position = Number(headers.get(positionHeader) ?? 0);
  return Number.isSafeInteger(position) ? position : 0;
}

// Statuses by which a requester or a proxy reports that another one may succeed.
const tryAnother: readonly number[] = [502, 503, 504];

/** Tries each endpoint once, beginning with the one that answered last, until one answers. Every route must be safe to repeat. */
export function createTransport(endpoints: Endpoints, fetch: Fetch): Transport {
  // The greatest log position of all responses: every call sends it, so that no response is older than an earlier one.
  let position = 0;

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
      position = Math.max(position, positionOf(answer));
      if (answer.ok) {
        endpoints.prefer(endpoint);
        return answer;
      }
      refusal = problemOf(answer.status, await answer.text());
      // The log was restored from a backup: earlier positions are invalid, and the next call starts from 0.
      if (refusal.code === errors.POSITION_AHEAD.wire) position = 0;
      if (!tryAnother.includes(answer.status)) throw refusal;
    }
    throw refusal ?? ownProblem("API_UNREACHABLE", failures.join("; "));
  }

  async function ask(endpoint: string, route: Route, options: OpenOptions): Promise<Response | string> {
    const body = route.body === undefined ? {} : { body: JSON.stringify(route.body) };
    const json = route.body === undefined ? {} : { "content-type": "application/json" };
    const signal = options.signal ?? null;
    const named = position === 0 ? {} : { [positionHeader]: String(position) };
    try {
      return await fetch(urlOf(endpoint, route), {
        method: route.method,
        headers: { accept: "application/json", ...json, ...named, ...options.headers },
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
      throw ownProblem("INTERNAL", `the response to ${route.method} ${route.path} is not JSON`, failure);
    }
  }

  return { endpoints, call, open };
}

/** Why a connection failed; fetch has the reason in the error's cause. */
export function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const { cause } = failure;
  if (!(cause instanceof Error)) return failure.message;
  // An AggregateError of several addresses has no message, only a code.
  return cause.message || ("code" in cause && typeof cause.code === "string" ? cause.code : failure.message);
}
