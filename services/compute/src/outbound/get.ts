import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { causeOf, Fault } from "@shoal/core";
import type { GetAnswer } from "./download.ts";
import { guardedLookup, type Reach, UnreachableError, unreachableUrl } from "./reach.ts";

export interface GetRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly reach: Reach;
  readonly signal: AbortSignal;
  /** Redirects that are followed. */
  readonly redirectsMax: number;
  /** GET when left out. */
  readonly method?: "GET" | "HEAD";
}

const schemes: Readonly<Record<string, typeof requestHttp>> = { "http:": requestHttp, "https:": requestHttps };
const redirects: readonly (number | undefined)[] = [301, 302, 303, 307, 308];
// The server or a proxy before it may answer differently in a moment (RFC 9110, RFC 6585, RFC 8470).
const temporary: readonly (number | undefined)[] = [408, 425, 429, 500, 502, 503, 504];

/**
 * Sends one GET or HEAD and follows redirects; each target is checked like the first. Returns an answer of status 2xx or
 * 416, whose body is not read yet. Throws Fault INPUT_UNAVAILABLE for what a retry cannot change, and another error for what it may.
 */
export async function get(request: GetRequest): Promise<GetAnswer> {
  let url = request.url;
  for (let redirected = 0; ; redirected++) {
    const answer = await send({ ...request, url });
    const { statusCode = 0, headers } = answer;
    if ((statusCode >= 200 && statusCode < 300) || statusCode === 416) return { statusCode, headers, body: answer };
    answer.destroy();
    if (temporary.includes(statusCode)) throw new Error(`answered ${statusCode}`);
    if (!redirects.includes(statusCode) || headers.location === undefined)
      throw unavailable(url, `answered ${statusCode}`);
    if (redirected === request.redirectsMax) throw unavailable(request.url, `redirects more than ${redirected} times`);
    url = redirectTarget(url, headers.location);
  }
}

/** A URL for messages: without user, password, query and fragment, any of which may be a credential. */
export const shownUrl = (url: URL): string => `${url.origin}${url.pathname}`;

const unavailable = (url: URL, why: string): Fault => new Fault("INPUT_UNAVAILABLE", `${shownUrl(url)}: ${why}`);

function redirectTarget(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to === null || !Object.hasOwn(schemes, to.protocol))
    throw unavailable(from, "redirects to something other than an http or https URL");
  // What was asked for over TLS must not arrive over a connection that anyone may change.
  if (from.protocol === "https:" && to.protocol === "http:")
    throw unavailable(from, `redirects from https to ${shownUrl(to)}`);
  return to;
}

async function send({ url, headers, reach, signal, method = "GET" }: GetRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = openRequest({ url, headers, reach, signal, method }, resolve);
  sent.on("error", (failure) => {
    reject(failure instanceof UnreachableError ? unavailable(url, causeOf(failure).why) : failure);
  });
  sent.end();
  return promise;
}

export interface OutgoingRequest extends Omit<GetRequest, "redirectsMax" | "method"> {
  readonly method: "GET" | "HEAD" | "PUT" | "POST";
}

/** Opens a request to an address that this node may connect to. Throws Fault INPUT_UNAVAILABLE for another one. */
export function openRequest(
  { url, headers, reach, signal, method }: OutgoingRequest,
  answered: (answer: IncomingMessage) => void,
): ClientRequest {
  const refused = unreachableUrl(url, reach);
  if (refused !== undefined) throw unavailable(url, refused);
  const open = schemes[url.protocol] ?? requestHttp;
  // No shared agent: a connection that a fault has left half-way serves no other request.
  return open(url, { method, headers, signal, agent: false, lookup: guardedLookup(reach) }, answered);
}
