import type { AnswerOf, ApiRoute, QueryOf } from "@shoal/proto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";

/** One parsed request. */
export interface ApiRequest<Q = unknown> {
  readonly query: Q;
  /** The JSON body; undefined when there is none. */
  readonly body: unknown;
  /** An element of the path. */
  param(name: string): string;
  /** The minimum log position of the response; 0 for none. */
  readonly position: number;
  /** Sets the log position of the response. */
  reflects(position: number): void;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** The handler of one route of the table. To add one: a file in routes/, and a line in routes/index.ts. */
export interface RouteHandler<R extends ApiRoute = ApiRoute> {
  readonly route: R;
  /** The response in domain names, or the reply itself when the handler has sent it. Throws Fault. */
  handle(request: ApiRequest<QueryOf<R>>, context: ApiContext): HandlerAnswer<R> | Promise<HandlerAnswer<R>>;
}

type HandlerAnswer<R extends ApiRoute> = AnswerOf<R> | FastifyReply;

/** Declares the handler of a route; the types of its query and response follow from the route. */
export const defineHandler = <R extends ApiRoute>(route: R, handle: RouteHandler<R>["handle"]): RouteHandler<R> => ({
  route,
  handle,
});
