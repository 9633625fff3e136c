import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { ApiContext } from "./api-context.ts";

/** One request, read. */
export interface Call<Q = unknown> {
  readonly query: Q;
  /** The JSON body; undefined when there is none. */
  readonly body: unknown;
  /** An element of the path. */
  param(name: string): string;
  /** The log position that the answer must not be older than; 0 for none. */
  readonly position: number;
  /** Says which log position the answer reflects. */
  reflects(position: number): void;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** One thing that the API can be asked. To add one: a file beside this one in routes/, and a line in routes/index.ts. */
export interface Route<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly methods: readonly ("GET" | "PUT" | "POST" | "DELETE")[];
  /** `:name` stands for one element. */
  readonly path: string;
  /** One sentence for the reference. */
  readonly does: string;
  /** What the query string may hold; other keys are ignored, empty values are unset. */
  readonly query: S;
  /** The answer's body, or the reply itself when the route has answered by its own means. Throws Fault. */
  answer(call: Call<z.output<S>>, context: ApiContext): unknown;
}

/** Declares a route; its query's type follows from its schema. */
export function defineRoute<S extends z.ZodType>(route: Route<S>): Route {
  return {
    ...route,
    answer: (call, context) => route.answer({ ...call, query: route.query.parse(call.query) }, context),
  };
}
