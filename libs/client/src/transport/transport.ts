import { errors } from "@shoal/proto";
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

/** In an answer the log position that it reflects, in a call the one that its answer must not be older than. */
const positionHeader = "x-shoal-position";

/** 0 when the answer carries none, as those of other servers. */
function positionOf({ headers }: Response): number {
  const position = Number(headers.get(positionHeader) ?? 0);
  return Number.isSafeInteger(position) ? position : 0;
}

// Statuses by which a requester or a proxy says that another one may do better.
const tryAnother: readonly number[] = [502, 503, 504];

/** Asks each endpoint once, beginning with the one that answered last, until one answers. Every route must be safe to repeat. */
export function createTransport(endpoints: Endpoints, fetch: Fetch): Transport {
  // The greatest log position that an answer has carried: every call names it, so that no answer is older than one before.
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
      // The log was restored from a backup: what was seen before is no longer true, and the next call begins afresh.
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
