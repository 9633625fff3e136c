import type { AnswerOf, ApiRoute, QueryOf } from "@shoal/proto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";

/** One request, read. */
export interface ApiRequest<Q = unknown> {
  readonly query: Q;
  /** The JSON body; undefined when there is none. */
  readonly body: unknown;
  /** An element of the path. */
  param(name: string): string;
  /** The log position that the answer must not be older than; 0 for none. */
  readonly position: number;
  /** Names the log position that the answer reflects. */
  reflects(position: number): void;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** How a requester answers one route of the table. To add one: a file beside the others in routes/, and a line in routes/index.ts. */
export interface RouteHandler<R extends ApiRoute = ApiRoute> {
  readonly route: R;
  /** The answer in the domain's names, or the reply itself when it was sent here. Throws Fault. */
  handle(request: ApiRequest<QueryOf<R>>, context: ApiContext): HandlerAnswer<R> | Promise<HandlerAnswer<R>>;
}

type HandlerAnswer<R extends ApiRoute> = AnswerOf<R> | FastifyReply;

/** Declares the handler of a route; the types of its query and answer follow from the route. */
export const defineHandler = <R extends ApiRoute>(route: R, handle: RouteHandler<R>["handle"]): RouteHandler<R> => ({
  route,
  handle,
});
