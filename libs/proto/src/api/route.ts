import type { z } from "zod";

/** HTTP methods that the API uses. */
export type HttpMethod = "GET" | "PUT" | "POST" | "DELETE";

/**
 * What an answer is: `json`, one document; `events`, server-sent events; `websocket`, frames of text; `bytes`, a file; `redirect`, another
 * path. The first one is what a route has that does not say it.
 */
export type AnswerKind = "json" | "events" | "websocket" | "bytes" | "redirect";

/** One route of the HTTP API. The server mounts it, the client is typed by it, and the OpenAPI document has its operation. */
export interface ApiRoute {
  /** The operation's id. */
  readonly name: string;
  /** The first is the one that our client uses. */
  readonly methods: readonly [HttpMethod, ...HttpMethod[]];
  /** `:name` stands for one element. */
  readonly path: string;
  /** One sentence for the reference. */
  readonly summary: string;
  /** The query string, in the domain's names; on the wire they are in snake case. Other keys are ignored, empty values are unset. */
  readonly query: z.ZodObject;
  /** The JSON body, as the wire codec reads it; absent for a route that reads none. */
  readonly body?: z.ZodType;
  /** One document, or one item of a stream, as the wire codec writes it. */
  readonly answer: z.ZodType;
  readonly kind?: AnswerKind;
  /** Statuses that carry the answer; 200 alone when left out. Every other one carries an error. */
  readonly statuses?: readonly number[];
}

/** The names in a path: `/jobs/:id` has `id`. */
export type ParamsOf<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsOf<Rest>
  : P extends `${string}:${infer Name}`
    ? Name
    : never;

/** What a client gives a route: the elements of its path, and its query. */
export type InputOf<R extends ApiRoute> = { readonly [K in ParamsOf<R["path"]>]: string } & {
  readonly [K in keyof R["query"]["shape"]]?: z.input<R["query"]["shape"][K]> | undefined;
};

/** What a route's handler gets of the query. */
export type QueryOf<R extends ApiRoute> = z.output<R["query"]>;

/** What a route answers, in the domain's names. */
export type AnswerOf<R extends ApiRoute> = z.output<R["answer"]>;

/** Declares a route; the types of its path, query and answer follow. To add one: a file in routes/ and a line in routes/index.ts. */
export const defineRoute = <const R extends ApiRoute>(route: R): R => route;
