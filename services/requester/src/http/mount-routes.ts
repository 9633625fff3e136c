import { assert, Fault, within } from "@shoal/core";
import { type ApiRoute, apiRoutes, readQuery, toWire } from "@shoal/proto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { apiLimits } from "./limits.ts";
import { answerWith, namedPosition } from "./position.ts";
import type { RouteHandler } from "./route-handler.ts";
import { handlers } from "./routes/index.ts";

interface MountedRoutes {
  readonly routes: readonly ApiRoute[];
  readonly mounted: readonly RouteHandler[];
}

/**
 * Mounts the handler of every route of the table. A route without a handler, or a handler without a route, is a Bug.
 */
export function mountRoutes(
  app: FastifyInstance,
  context: ApiContext,
  { routes, mounted }: MountedRoutes = { routes: Object.values(apiRoutes), mounted: handlers },
): void {
  const without = routes.filter((route) => !mounted.some((handler) => handler.route === route));
  assert(without.length === 0, `no handler for ${without.map(({ name }) => name).join(", ")}`);
  for (const handler of mounted) {
    const { name, methods, path } = handler.route;
    assert(
      routes.some((route) => route === handler.route),
      `the table of routes has no ${name}`,
    );
    app.route({
      method: [...methods],
      url: path,
      handler: (request, reply) => answer(handler, { request, reply }, context),
    });
  }
}

/** A request and its reply. */
export interface HttpExchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function answer(handler: RouteHandler, { request, reply }: HttpExchange, context: ApiContext): Promise<unknown> {
  const { route } = handler;
  const params = new Map(Object.entries(Object(request.params)));
  const position = namedPosition(request);
  const query = readQuery(route.query, Object(request.query));
  if (!query.ok) throw new Fault("BAD_REQUEST", query.problems.join("\n"));
  const apiRequest = {
    query: query.value,
    body: request.body,
    param: (name: string): string => String(params.get(name) ?? ""),
    position,
    reflects: (seq: number): void => answerWith(seq, { request, reply }),
    request,
    reply,
  };
  // After a handler has sent a reply, Fastify's promise resolves with nothing: no more is sent here.
  const handle = async () => handler.handle(apiRequest, context);
  return toWire(route.answer, await within(handle(), { clock: context.clock, limitMs: apiLimits.handlerMs, late }));
}

/**
 * The handler continues without effect on the response. (The framework's own limit costs an exception for each
 * request.)
 */
const late = () => new Fault("TIMED_OUT", `no response after ${apiLimits.handlerMs} ms`);
