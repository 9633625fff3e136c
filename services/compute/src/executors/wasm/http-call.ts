import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { HttpRequest, HttpResponse } from "@shoal/wasi-sandbox";
import { addressProblem, guardedResolve, type Resolve } from "../../network/address-guard.ts";
import { domainList, plainHost } from "../../network/domain-list.ts";
import { type Reach, UnreachableError } from "../../outbound/reach.ts";

/** What the HTTP requests of one task may reach. */
export interface HttpCallOptions {
  readonly jobId: string;
  readonly domains: readonly string[];
  /** The addresses of the node's own machine that its operator allows. */
  readonly reach: Reach;
  /** Resolves host names; the system's resolver when it is left out. */
  readonly resolve?: Resolve;
  /** Time for a request and its response; Bacalhau's when it is left out. */
  readonly timeoutMs?: number;
}

const schemes: Readonly<Record<string, typeof requestHttp>> = { "http:": requestHttp, "https:": requestHttps };
const methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
// Bacalhau's limits of one request.
const [defaultTimeoutMs, responseBytesMax] = [30_000, 100 * 1024 * 1024];
const [invalidUrl, networkError, timedOut, notAllowed, tooLarge] = [1, 2, 3, 4, 5] as const;
// Set by this client, or about the connection, which is not the guest's.
const ownHeaders = [
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
  "keep-alive",
  "te",
  "trailer",
];

/**
 * Makes the requests of one task: to its domains only, and over addresses that are checked after the name is resolved. A redirect is
 * returned to the guest, whose next request is checked like the first. At most as much of a body is read as the guest has room for.
 */
export function httpCall(options: HttpCallOptions): (request: HttpRequest) => Promise<HttpResponse> {
  const domains = domainList(options.domains);
  const problem = (address: string) => addressProblem(address, domains, options.reach);
  const lookup = guardedResolve(problem, options.resolve);
  return async (request) => {
    const url = URL.parse(request.url);
    const open = schemes[url?.protocol ?? ""];
    if (url === null || open === undefined) return { result: invalidUrl };
    const host = plainHost(url.hostname);
    if (!domains.allows(host) || (isIP(host) !== 0 && problem(host) !== undefined)) return { result: notAllowed };
    const signal = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
    const headers = { ...headersOf(request.headers), "x-bacalhau-job-id": options.jobId };
    try {
      const settings = { method: methods[request.method] ?? "GET", headers, lookup, signal, agent: false };
      return await received(await send({ open, url, settings, body: request.body }), request.bodyBytesMax);
    } catch (failure) {
      if (failure instanceof UnreachableError) return { result: notAllowed };
      return { result: signal.aborted ? timedOut : networkError };
    }
  };
}

function send(call: {
  readonly open: typeof requestHttp;
  readonly url: URL;
  readonly settings: RequestOptions;
  readonly body: Uint8Array;
}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = call.open(call.url, call.settings, resolve);
    sent.on("error", reject);
    sent.end(call.body);
  });
}

async function received(message: IncomingMessage, bodyBytesMax: number): Promise<HttpResponse> {
  try {
    if (Number(message.headers["content-length"] ?? 0) > responseBytesMax) return { result: tooLarge };
    const chunks: Buffer[] = [];
    let left = Math.min(bodyBytesMax, responseBytesMax);
    for await (const chunk of message) {
      const taken: Buffer = chunk.subarray(0, left);
      chunks.push(taken);
      left -= taken.byteLength;
      if (left === 0) break;
    }
    const { rawHeaders, statusCode: status = 0 } = message;
    const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? `${name}: ${rawHeaders[at + 1] ?? ""}` : []));
    return { result: 0, status, headers: lines.join("\n"), body: Buffer.concat(chunks) };
  } finally {
    message.destroy();
  }
}

/** The headers of a guest by name; lines without a colon are ignored, as Bacalhau does. */
function headersOf(text: string): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*([\t\x20-\x7e]*?)\s*$/.exec(line) ?? [];
    if (name !== "" && !ownHeaders.includes(name.toLowerCase())) headers[name] = [...(headers[name] ?? []), value];
  }
  return headers;
}
