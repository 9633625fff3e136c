import { ownProblem } from "../api-error.ts";

/** The endpoints of requesters, the one that answered last first. */
export interface Endpoints {
  /** Every endpoint once, in the order to try them. */
  inOrder(): readonly string[];
  /** Moves the endpoint that answered to the front. */
  prefer(endpoint: string): void;
}

/** Normalizes full URLs (`http://host:port`, a path prefix is kept). Throws ApiError BadRequest for a text that is not an HTTP URL. */
export function endpointsOf(urls: readonly string[]): Endpoints {
  const all = [...new Set(urls.map(normal))];
  if (all.length === 0) throw ownProblem("BAD_REQUEST", "expected the URL of at least one requester, got none");
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
    throw ownProblem("BAD_REQUEST", `expected a URL such as http://127.0.0.1:1234, got "${text}"`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
