import type { IncomingMessage } from "node:http";
import { Fault, type Process } from "@shoal/core";
import { errors } from "@shoal/proto";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { buildHeaders } from "../build.ts";
import { createPositionGate } from "../reads/position-gate.ts";
import { errorReply, isOurs } from "../wire/error-reply.ts";
import { createAdmission } from "./admission.ts";
import type { ApiContext, ApiParts } from "./api-context.ts";
import { createApiPort } from "./api-port.ts";
import { createByteBudget } from "./byte-budget.ts";
import { clientRefusal } from "./client-version.ts";
import { createLiveEvents } from "./feed/live-events.ts";
import { jsonBody } from "./json-body.ts";
import { apiLimits } from "./limits.ts";
import { serveLogSockets } from "./logs/log-socket.ts";
import { type HttpExchange, mountRoutes } from "./mount-routes.ts";
import { silentConnections } from "./silent-connections.ts";
import { createStreamLimit } from "./stream-limit.ts";

export interface ApiOptions {
  readonly host: string;
  /** 0 binds any free port. */
  readonly port: number;
  readonly requestsPerSecond: number;
  readonly connectionsMax: number;
  /** Origins of web pages that may use the API from a browser. */
  readonly origins: readonly string[];
  /** Time limits for slow clients, in milliseconds; apiLimits when left out. */
  readonly patience?: Patience;
}

/** Some of apiLimits. */
export type Patience = Readonly<Record<"headersMs" | "requestMs" | "lateCheckMs" | "stillMs", number>>;

export interface Api extends Process {
  /** For tests without a socket. */
  readonly app: FastifyInstance;
  /** Listens, and answers 503 until the API itself is started: the port is bound before any other resource is taken. */
  readonly binding: Process;
  /** The address of the API, once started: `http://127.0.0.1:1234`. */
  url(): string;
}

/**
 * The HTTP API as a process: it serves requests when started. When stopped it ends its streams and completes responses
 * in progress.
 */
export function createApi(parts: ApiParts, options: ApiOptions): Api {
  const context: ApiContext = {
    ...parts,
    admission: createAdmission(parts.clock, { ...options, publicUrl: parts.publicUrl }),
    positions: createPositionGate({ ...parts, positions: parts.viewPositions }),
    feeds: createStreamLimit("event feeds", apiLimits.feedsMax),
    live: createLiveEvents(parts),
    logStreams: createStreamLimit("streams of output", apiLimits.logStreamsMax),
    logBytes: createByteBudget(apiLimits.logBudgetBytes),
  };
  const app = fastify({
    bodyLimit: apiLimits.bodyBytes,
    ...connectionRules(options.patience ?? apiLimits),
    keepAliveTimeout: apiLimits.keepAliveMs,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    exposeHeadRoutes: false,
    genReqId: () => parts.random.uuid(),
    schemaController: { compilersFactory: noSchemas },
    routerOptions: { maxParamLength: apiLimits.paramChars, ignoreTrailingSlash: true },
    frameworkErrors: (failure, request, reply) => refuse(context, failure, { request, reply }),
  });
  app.server.maxConnections = options.connectionsMax;
  const port = createApiPort(app, options);
  admit(app, context);
  boundBodies(app);
  readBodies(app);
  mountRoutes(app, context);
  app.setErrorHandler((failure, request, reply) => refuse(context, failure, { request, reply }));
  app.setNotFoundHandler(refuseUnknown);
  serveLogSockets(app.server, context);
  const silent = silentConnections(app.server);
  return {
    name: "api",
    app,
    url: port.url,
    binding: port.binding,
    async start() {
      await port.open();
      context.health.open(true);
      // A connection that the system could not pass on (mostly: no descriptor left) is lost; the others continue.
      app.server.on("error", (failure) => parts.logger.warn({ err: failure }, "the API could not accept a connection"));
    },
    async stop() {
      context.health.open(false);
      context.feeds.close();
      await context.live.close();
      context.logStreams.close();
      silent.close();
      const cancel = parts.clock.at(parts.clock.now() + apiLimits.closeMs, () => app.server.closeAllConnections());
      await app.close();
      cancel();
    },
  };
}

/** Instead of the two compilers of JSON schemas that fastify would load: the API table has the schemas of all routes. */
const noSchemas = { buildValidator: refuseSchema, buildSerializer: refuseSchema };

function refuseSchema(): never {
  throw new Error("a route has a JSON schema; add its schemas to its row in the API table");
}

/** The limits of a connection, whatever is sent on it. */
function connectionRules({ headersMs, requestMs, lateCheckMs, stillMs }: Patience) {
  return {
    requestTimeout: requestMs,
    connectionTimeout: stillMs,
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: lateCheckMs,
      // Other offered upgrades (mostly h2c) are ignored: the request is answered as plain HTTP.
      shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
    },
  };
}

function refuseUnknown({ method, url }: FastifyRequest): never {
  throw new Fault("NOT_FOUND", `The requested resource/URL was not found: ${method} ${url.slice(0, 200)}`);
}

/** The hooks of every request before its route: rate, Host and Origin, client version, headers. */
function admit(app: FastifyInstance, { admission }: ApiContext): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(buildHeaders).headers(admission.corsHeaders(request.headers)).header("x-request-id", request.id);
    try {
      admission.admit(request);
    } catch (failure) {
      if (failure instanceof Fault && failure.code === "TOO_MANY") reply.header("retry-after", 1);
      return done(failure instanceof Error ? failure : new Error(String(failure)));
    }
    const refusal = clientRefusal(request.headers);
    if (refusal !== undefined) return void reply.code(refusal.status).send(refusal.body);
    if (request.method === "OPTIONS") return void reply.code(204).send();
    done();
  });
}

/** Limits the memory of all bodies being received: each is buffered as a whole. */
function boundBodies(app: FastifyInstance): void {
  const bodies = createByteBudget(apiLimits.bodiesBytes);
  app.addHook("preParsing", async (request, reply) => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    // The length of a chunked body is unknown before its end.
    const bytes = coding === undefined ? Math.min(Number(length ?? 0), apiLimits.bodyBytes) : apiLimits.bodyBytes;
    if (bodies.isFullWith(bytes))
      throw new Fault("TOO_MANY", `limit of ${apiLimits.bodiesBytes} bytes of concurrent request bodies reached`);
    if (reply.raw.destroyed) return;
    bodies.take(bytes);
    reply.raw.once("close", () => bodies.give(bytes));
  });
}

function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, body, done) => {
    try {
      done(null, jsonBody(body, request.headers));
    } catch (failure) {
      done(failure instanceof Error ? failure : new Error(String(failure)));
    }
  });
}

function refuse({ logger }: ApiContext, failure: unknown, { request, reply }: HttpExchange): FastifyReply {
  const { status, body } = errorReply(failure, request.id);
  // The rest is read and discarded: a client that is still sending would get a broken pipe instead of the response.
  if (status === errors.TOO_LARGE.http) {
    reply.removeHeader("connection");
    request.raw.resume();
  }
  if (isOurs(failure)) logger.warn({ err: failure, requestId: request.id, url: request.url }, "a request failed");
  return reply.code(status).send(body);
}
