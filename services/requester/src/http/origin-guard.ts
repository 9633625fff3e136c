import type { IncomingHttpHeaders } from "node:http";
import { Fault, hostOfHeader, isAddress, isLoopback } from "@shoal/core";

/**
 * Prevents web pages of other sites from using the API through a visitor's browser. Clients other than browsers send no
 * Origin.
 */
export interface OriginGuard {
  /**
   * Refuses a Host that is not a valid host. While the API listens only on loopback, it refuses every Host except a
   * loopback name or address and that of http.publicUrl: a foreign name that resolves to this address is DNS rebinding.
   * Throws Fault BAD_REQUEST, ORIGIN_REFUSED.
   */
  checkHost(headers: IncomingHttpHeaders): void;
  /** Refuses requests from pages of other sites, unless their origin is listed. Throws Fault ORIGIN_REFUSED. */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** The CORS headers that let a page read the response: none unless its origin is listed. */
  corsHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>>;
}

export interface GuardOptions {
  /** The address on which the API listens. */
  readonly host: string;
  /** The address by which clients reach the API; empty for no other address. */
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

// The characters of a header value that an error message shows.
const shownChars = 200;

export function createOriginGuard({ host: bound, publicUrl, origins }: GuardOptions): OriginGuard {
  const listed = new Set(origins);
  const published = publicUrl === "" ? undefined : new URL(publicUrl);
  const publicHost = published && hostOfHeader(published.hostname);

  /**
   * Whether the page is served by this API. A name proves nothing, as the DNS of its owner may resolve it to this
   * address: only an address or http.publicUrl does.
   */
  function isOwn(origin: string, header: string | undefined): boolean {
    if (origin === published?.origin) return true;
    const host = header === undefined ? undefined : hostOfHeader(header);
    if (host === undefined || !(isAddress(host) || isLoopback(host))) return false;
    return URL.parse(origin)?.host === header?.toLowerCase();
  }

  return {
    checkHost({ host: header }) {
      // HTTP/1.0 clients may send no Host; browsers always send one.
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
      throw new Fault("ORIGIN_REFUSED", `${page} may not use this API: http.origins does not list it`);
    },
    corsHeaders({ origin }) {
      if (origin === undefined || !listed.has(origin)) return listed.size === 0 ? {} : { vary: "origin" };
      return { ...allowed, "access-control-allow-origin": origin, vary: "origin" };
    },
  };
}

/**
 * Embedded resources (images, scripts) are requested without Origin; browsers mark them (W3C Fetch Metadata). A link
 * that a person follows is not one of them.
 */
function isOtherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  return (site === "cross-site" || site === "same-site") && headers["sec-fetch-dest"] !== "document";
}
