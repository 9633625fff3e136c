import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Fault } from "@shoal/core";
import { apiRoutes, errors, type LogFrame, type QueryOf, readQuery, toWire } from "@shoal/proto";
import { type WebSocket, WebSocketServer } from "ws";
import { findJob } from "../../reads/find-job.ts";
import { errorReply, isOurs } from "../../wire/error-reply.ts";
import type { ApiContext } from "../api-context.ts";
import { clientRefusal } from "../client-version.ts";
import { createKeepAlive } from "../keep-alive.ts";
import { apiLimits } from "../limits.ts";
import type { OutputLine } from "./line-writer.ts";
import { createLogOutlet, type LogOutlet } from "./log-outlet.ts";
import { streamLogs } from "./stream-logs.ts";

// Clients do not escape the job in the path, so it may contain any character.
const route = apiRoutes.jobLogs;
const address = new RegExp(`^${route.path.replace(":id", "(.+)")}/?$`);

// Readers only read: what they send is discarded, and its size is limited.
const incomingBytes = 1024;
// Codes of RFC 6455, section 7.4.1: normal closure, server error.
const closed = { done: 1000, failed: 1011 } as const;

/**
 * Answers upgrades of a log's address with a WebSocket. Errors about the job are sent on it, because clients hide the
 * reason of a refused upgrade; invalid requests are refused before the upgrade. Nothing that a client sends may throw
 * out of here: it would end the process.
 */
export function serveLogSockets(server: Server, context: ApiContext): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: incomingBytes, perMessageDeflate: false });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    try {
      const asked = askedBy(request, context);
      sockets.handleUpgrade(request, socket, head, (open) => {
        converse(open, asked, context).catch(() => open.terminate());
      });
    } catch (failure) {
      refuseUpgrade(socket, failure, context);
    }
  });
}

/** Parses an upgrade request. Throws Fault, or OldClient, for a refused one. */
function askedBy(request: IncomingMessage, { admission }: ApiContext): UpgradeRequest {
  const { headers, method = "", url: target = "" } = request;
  admission.admit({ ip: request.socket.remoteAddress ?? "", method, headers });
  admission.checkOrigin(headers);
  const refusal = clientRefusal(headers);
  if (refusal !== undefined) throw new OldClient(refusal);
  const url = target.startsWith("/") ? URL.parse(target, "http://any") : null;
  if (url === null) throw new Fault("BAD_REQUEST", `expected the address of a job's output, got "${shown(target)}"`);
  const called = address.exec(url.pathname)?.[1];
  if (called === undefined) throw new Fault("NOT_FOUND", `no WebSocket is available at ${shown(url.pathname)}`);
  return { called, url };
}

// The characters of an address that an error shows.
const shownChars = 200;
const shown = (text: string): string => text.slice(0, shownChars);

class OldClient extends Error {
  readonly refusal: { readonly status: number; readonly body: object };
  constructor(refusal: { readonly status: number; readonly body: object }) {
    super("the client version is not supported");
    this.refusal = refusal;
  }
}

/** Answers as for any other request, and closes: the client may hold its own side open indefinitely. */
function refuseUpgrade(socket: Duplex, failure: unknown, { random, logger }: ApiContext): void {
  const id = random.uuid();
  const { status, body } = failure instanceof OldClient ? failure.refusal : errorReply(failure, id);
  if (isOurs(failure) && !(failure instanceof OldClient))
    logger.warn({ err: failure, requestId: id }, "an upgrade failed");
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "connection: close",
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(text)}`,
    `x-request-id: ${id}`,
    ...(status === errors.TOO_MANY.http ? ["retry-after: 1"] : []),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`, () => socket.destroy());
}

interface UpgradeRequest {
  readonly called: string;
  readonly url: URL;
}

async function converse(socket: WebSocket, asked: UpgradeRequest, context: ApiContext): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => socket.terminate());
  socket.once("close", () => gone.abort());
  const life = ping(socket, context);
  let leave = () => {};
  const forget = context.logStreams.onClose(() => socket.close(closed.done));
  try {
    leave = context.logStreams.enter();
    const outlet = createLogOutlet(socket, context.logBytes, life.seen);
    await streamTo(outlet, asked, { context, signal: gone.signal });
    socket.close(closed.done);
  } catch (failure) {
    const { body } = errorReply(failure, context.random.uuid());
    socket.send(frameText({ error: `failed to open log stream for job ${asked.called}: ${body.Message}` }));
    socket.close(closed.failed);
  } finally {
    life.stop();
    forget();
    leave();
  }
}

async function streamTo(
  outlet: LogOutlet,
  { called, url }: UpgradeRequest,
  { context, signal }: { readonly context: ApiContext; readonly signal: AbortSignal },
): Promise<void> {
  const query = queryIn(url);
  const found = await findJob(context, unescaped(called), query);
  const line = (each: OutputLine): void => {
    if (!signal.aborted) outlet.send(frameOf(each));
  };
  const { executionId, tail, follow } = query;
  await streamLogs({ ...context, line, room: outlet.room }, { found, executionId, tail, follow }, signal);
}

function queryIn({ searchParams }: URL): QueryOf<typeof route> {
  const read = readQuery(route.query, Object.fromEntries(searchParams));
  if (read.ok) return read.value;
  throw new Fault("BAD_REQUEST", read.problems.join("\n"));
}

const frameText = (frame: LogFrame): string => JSON.stringify(toWire(route.answer, frame));

const frameOf = ({ stream, line, executionId }: OutputLine): string =>
  frameText({ value: { type: stream, line, executionId } });

function unescaped(called: string): string {
  try {
    return decodeURIComponent(called);
  } catch (failure) {
    throw new Fault("BAD_REQUEST", `"${called}" is not a valid URL-encoded path element`, { cause: failure });
  }
}

/**
 * Prevents proxies from closing a silent stream, and ends it when its reader is gone or accepts nothing: neither a pong
 * nor an accepted frame (`seen`) between two pings.
 */
function ping(socket: WebSocket, { clock }: ApiContext): { readonly seen: () => void; readonly stop: () => void } {
  let alive = true;
  const seen = (): void => {
    alive = true;
  };
  socket.on("pong", seen);
  const keepAlive = createKeepAlive(clock, apiLimits.feedHeartbeatMs, () => {
    if (alive) socket.ping();
    else socket.terminate();
    alive = false;
  });
  return { seen, stop: () => keepAlive.stop() };
}
