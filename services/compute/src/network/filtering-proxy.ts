import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { causeOf } from "@shoal/core";
import { type Reach, UnreachableError } from "../outbound/reach.ts";
import { addressProblem, guardedResolve, type Resolve } from "./address-guard.ts";
import { domainList, plainHost } from "./domain-list.ts";

// Connections of one task at once: above what browsers and download tools open, far below a node's descriptors.
const connectionsMax = 128;
// A connection without traffic in either direction, as common proxies and load balancers treat it.
const idleMs = 5 * 60_000;
const defaultHttpPort = 80;

/** What one task may reach. */
export interface ProxyOptions {
  readonly jobId: string;
  readonly domains: readonly string[];
  /** The addresses of the node's own machine that its operator allows. */
  readonly reach: Reach;
  /** Resolves host names; the system's resolver when it is left out. */
  readonly resolve?: Resolve;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** A request that is refused, with its status. */
class ProxyRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * An HTTP proxy for one task: requests in absolute form and CONNECT, to the task's domains only. Each connection goes to
 * an address that was checked. Requests carry the job's id as X-Bacalhau-Job-ID; bytes behind CONNECT are not changed.
 * The caller makes it listen where only that task connects.
 */
export function filteringProxy(options: ProxyOptions): Server {
  const domains = domainList(options.domains);
  const problem = (address: string) => addressProblem(address, domains, options.reach);
  const lookup = guardedResolve(problem, options.resolve);
  function check({ host }: Target): void {
    if (!domains.allows(host)) {
      const list = options.domains.join(", ") || "none";
      throw new ProxyRefusal(403, `the task's network does not allow ${host}; its Domains are: ${list}`);
    }
    const why = isIP(host) === 0 ? undefined : problem(host);
    if (why !== undefined) throw new ProxyRefusal(403, why);
  }
  const server = createServer((incoming, response) => {
    try {
      const url = URL.parse(incoming.url ?? "");
      if (url === null || url.protocol !== "http:")
        throw new ProxyRefusal(400, "expected a request for http://host/path, or CONNECT host:port");
      const target = { host: plainHost(url.hostname), port: Number(url.port || defaultHttpPort) };
      check(target);
      forward({ incoming, response, jobId: options.jobId }, url, { ...target, lookup });
    } catch (failure) {
      answerRefusal(response, failure);
    }
  });
  server.on("connect", (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on("error", () => client.destroy());
    try {
      const target = targetOf(incoming.url ?? "");
      check(target);
      tunnel(client, head, connect({ ...target, lookup }));
    } catch (failure) {
      client.end(refusalText(failure));
    }
  });
  server.maxConnections = connectionsMax;
  server.timeout = idleMs;
  return server;
}

function targetOf(authority: string): Target {
  const [, host = "", port = ""] = /^(\[[0-9a-fA-F:.]+\]|[^:@/?#\s]+):(\d{1,5})$/.exec(authority) ?? [];
  if (host === "" || Number(port) < 1 || Number(port) > 65_535)
    throw new ProxyRefusal(400, `expected CONNECT host:port, got ${authority.slice(0, 100)}`);
  return { host: plainHost(host), port: Number(port) };
}

// RFC 9110, section 7.6.1: meant for this connection only. `host` is made from the target, as section 7.2 asks.
const hopHeaders: ReadonlySet<string> = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade host".split(
    " ",
  ),
);

interface Forwarded {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly jobId: string;
}

function forward(
  { incoming, response, jobId }: Forwarded,
  url: URL,
  to: Target & { lookup: ReturnType<typeof guardedResolve> },
): void {
  const headers = { ...withoutHop(incoming.headers), host: url.host, "x-bacalhau-job-id": jobId };
  const path = `${url.pathname}${url.search}`;
  // No shared agent: a connection belongs to one task.
  const sent = request({ ...to, method: incoming.method, path, headers, agent: false, timeout: idleMs });
  sent.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers));
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
  sent.on("error", (failure) => answerRefusal(response, failure));
  response.on("close", () => sent.destroy());
  incoming.pipe(sent);
}

function withoutHop(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/\s*,\s*/));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name) && !named.has(name)));
}

function tunnel(client: Duplex, head: Buffer, upstream: Socket): void {
  let isOpen = false;
  upstream.setTimeout(idleMs, () => upstream.destroy());
  upstream.on("connect", () => {
    isOpen = true;
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    upstream.write(head);
    upstream.pipe(client);
    client.pipe(upstream);
  });
  upstream.on("error", (failure) => {
    if (isOpen) client.destroy();
    else client.end(refusalText(failure));
  });
  upstream.on("close", () => client.end());
  client.on("close", () => upstream.destroy());
}

function answerRefusal(response: ServerResponse, failure: unknown): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(statusOf(failure), { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(sentenceOf(failure));
}

const reasons: Readonly<Record<number, string>> = { 400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway" };

function refusalText(failure: unknown): string {
  const [status, body] = [statusOf(failure), sentenceOf(failure)];
  const head = `HTTP/1.1 ${status} ${reasons[status]}\r\ncontent-type: text/plain; charset=utf-8\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}

function statusOf(failure: unknown): number {
  if (failure instanceof ProxyRefusal) return failure.status;
  return failure instanceof UnreachableError ? 403 : 502;
}

const sentenceOf = (failure: unknown): string => `shoal: ${causeOf(failure).why}\n`;
