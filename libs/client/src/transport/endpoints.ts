import { ownProblem } from "../api-error.ts";

/** The requesters that may be asked, the one that answered last first. */
export interface Endpoints {
  /** Every endpoint once, in the order to try them. */
  inOrder(): readonly string[];
  /** This one answered: try it first from now on. */
  prefer(endpoint: string): void;
}

/** Full URLs (`http://host:port`, a path prefix is kept). Throws ApiError BadRequest for what is no HTTP URL. */
export function endpointsOf(urls: readonly string[]): Endpoints {
  const all = [...new Set(urls.map(normal))];
  if (all.length === 0) throw ownProblem("BAD_REQUEST", "wanted the URL of at least one requester, found none");
  let first = 0;
  return {
    inOrder: () => [...all.slice(first), ...all.slice(0, first)],
    prefer(endpoint) {
      first = Math.max(0, all.indexOf(endpoint));
    },
  };
}

function normal(text: string): string {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw ownProblem("BAD_REQUEST", `wanted a URL such as http://127.0.0.1:1234, found "${text}"`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
