import { type ApiRoute, type InputOf, writeQuery } from "@shoal/proto";

/** One call of the API, without the host. */
export interface Route {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
}

/** The call of a route of the table: `input` has the elements of its path and its query, in domain names. */
export function routeOf<R extends ApiRoute>(route: R, input: InputOf<R>, body?: unknown): Route {
  const given = new Map<string, unknown>(Object.entries(input));
  const path = route.path.replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(String(given.get(name))));
  return { method: route.methods[0], path: `${path}${writeQuery(route.query, input)}`, body };
}

/** The full URL of a call. */
export const urlOf = (endpoint: string, { path }: Route): string => `${endpoint}${path}`;
