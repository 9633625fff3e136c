import type { z } from "zod";

/** HTTP methods that the API uses. */
export type HttpMethod = "GET" | "PUT" | "POST" | "DELETE";

/**
 * The form of a response: `json`, one document; `events`, server-sent events; `websocket`, text frames; `bytes`, a file; `redirect`,
 * another path. The default is the first one.
 */
export type AnswerKind = "json" | "events" | "websocket" | "bytes" | "redirect";

/** One route of the HTTP API. The server mounts it, the client's types follow from it, and the OpenAPI document has its operation. */
export interface ApiRoute {
  /** The operation's id. */
  readonly name: string;
  /** libs/client uses the first one. */
  readonly methods: readonly [HttpMethod, ...HttpMethod[]];
  /** `:name` matches one path element. */
  readonly path: string;
  /** One sentence for the reference. */
  readonly summary: string;
  /** The query string, in domain names; on the wire they are in snake case. Other keys are ignored, empty values are unset. */
  readonly query: z.ZodObject;
  /** The JSON body, as the wire codec reads it; absent for a route that reads none. */
  readonly body?: z.ZodType;
  /** One document, or one item of a stream, as the wire codec writes it. */
  readonly answer: z.ZodType;
  readonly kind?: AnswerKind;
  /** Statuses of a successful response; 200 alone when left out. Every other status carries an error. */
  readonly statuses?: readonly number[];
}

/** The names in a path: `/jobs/:id` has `id`. */
export type ParamsOf<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsOf<Rest>
  : P extends `${string}:${infer Name}`
    ? Name
    : never;

/** The input of a route: the elements of its path, and its query. */
export type InputOf<R extends ApiRoute> = { readonly [K in ParamsOf<R["path"]>]: string } & {
  readonly [K in keyof R["query"]["shape"]]?: z.input<R["query"]["shape"][K]> | undefined;
};

/** The query as the route's handler receives it. */
export type QueryOf<R extends ApiRoute> = z.output<R["query"]>;

/** The response of a route, in domain names. */
export type AnswerOf<R extends ApiRoute> = z.output<R["answer"]>;

/** Declares a route; the types of its path, query and response follow. To add one: a file in routes/ and a line in routes/index.ts. */
export const defineRoute = <const R extends ApiRoute>(route: R): R => route;
