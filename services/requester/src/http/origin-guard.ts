import type { IncomingHttpHeaders } from "node:http";
import { Fault, hostOfHeader, isAddress, isLoopback } from "@shoal/core";

/** Keeps web pages of other sites from using the API through a visitor's browser. Clients that are no browser send no Origin. */
export interface OriginGuard {
  /**
   * Refuses a Host that is not a host. While the API listens on loopback alone, it refuses every Host but a loopback name or address
   * and that of http.publicUrl: a foreign name that leads here is DNS rebinding. Throws Fault BAD_REQUEST, ORIGIN_REFUSED.
   */
  checkHost(headers: IncomingHttpHeaders): void;
  /** Refuses what a page of another site sends, unless its origin is listed. Throws Fault ORIGIN_REFUSED. */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** The headers with which a browser gives an answer to the page: none unless its origin is listed. */
  corsHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>>;
}

export interface GuardOptions {
  /** Where the API listens. */
  readonly host: string;
  /** How clients reach the API; empty for no other way. */
  readonly publicUrl: string;
  /** Origins of pages that may use the API. */
  readonly origins: readonly string[];
}

// `*` does not cover Authorization (Fetch standard, CORS protocol).
const allowed = {
  "access-control-allow-methods": "GET, PUT, POST, DELETE",
  "access-control-allow-headers": "*, authorization",
  "access-control-expose-headers": "*",
} as const;

// Of a message that names a header only this much is shown.
const shownChars = 200;

export function createOriginGuard({ host: bound, publicUrl, origins }: GuardOptions): OriginGuard {
  const listed = new Set(origins);
  const published = publicUrl === "" ? undefined : new URL(publicUrl);
  const publicHost = published && hostOfHeader(published.hostname);

  /** A page that this API itself serves. A name proves nothing, as its owner's DNS may lead it here: only an address or http.publicUrl does. */
  function isOwn(origin: string, header: string | undefined): boolean {
    if (origin === published?.origin) return true;
    const host = header === undefined ? undefined : hostOfHeader(header);
    if (host === undefined || !(isAddress(host) || isLoopback(host))) return false;
    return URL.parse(origin)?.host === header?.toLowerCase();
  }

  return {
    checkHost({ host: header }) {
      // HTTP/1.0 clients send none; browsers always do.
      if (header === undefined || header === "") return;
      const host = hostOfHeader(header);
      if (host === undefined)
        throw new Fault("BAD_REQUEST", `expected a Host such as localhost:1234, got "${header.slice(0, shownChars)}"`);
      if (!isLoopback(bound) || isLoopback(host) || host === publicHost) return;
      const why = `the API listens on ${bound} alone: expected Host localhost, a loopback address or that of http.publicUrl`;
      throw new Fault("ORIGIN_REFUSED", `${why}, got "${host.slice(0, shownChars)}"`);
    },
    checkOrigin(headers) {
      const { origin } = headers;
      if (origin === undefined ? !isOtherSite(headers) : listed.has(origin) || isOwn(origin, headers.host)) return;
      const page = origin === undefined ? "a page of another site" : `a page of "${origin.slice(0, shownChars)}"`;
      throw new Fault("ORIGIN_REFUSED", `${page} is not allowed to use this API: http.origins does not list it`);
    },
    corsHeaders({ origin }) {
      if (origin === undefined || !listed.has(origin)) return listed.size === 0 ? {} : { vary: "origin" };
      return { ...allowed, "access-control-allow-origin": origin, vary: "origin" };
    },
  };
}

/** What a page embeds (an image, a script) comes without Origin; browsers mark it (W3C Fetch Metadata). A link that a person follows is none. */
function isOtherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  return (site === "cross-site" || site === "same-site") && headers["sec-fetch-dest"] !== "document";
}
