import type { IncomingHttpHeaders } from "node:http";
import { type Clock, Fault } from "@shoal/core";
import { createOriginGuard, type GuardOptions, type OriginGuard } from "./origin-guard.ts";
import { createRate } from "./rate.ts";

/** Decides whether a request or an upgrade is processed, before anything else reads it. */
export interface Admission extends Pick<OriginGuard, "checkOrigin" | "corsHeaders"> {
  /** Counts a request of this address. Throws Fault TOO_MANY above the rate limit, BAD_REQUEST, ORIGIN_REFUSED. */
  admit(request: AdmittedRequest): void;
}

export interface AdmittedRequest {
  /** The client's address. */
  readonly ip: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

export interface AdmissionOptions extends GuardOptions {
  readonly requestsPerSecond: number;
}

// Safe methods (RFC 9110, 9.2.1). Without CORS headers a page cannot read their responses, so any page may send them.
const safe: ReadonlySet<string> = new Set(["GET", "HEAD"]);

export function createAdmission(clock: Clock, options: AdmissionOptions): Admission {
  const perSecond = options.requestsPerSecond;
  const rate = createRate(clock, perSecond);
  const guard = createOriginGuard(options);
  return {
    admit({ ip, method, headers }) {
      if (!rate.take(ip)) throw new Fault("TOO_MANY", `more than ${perSecond} requests a second from ${ip}`);
      guard.checkHost(headers);
      if (!safe.has(method)) guard.checkOrigin(headers);
    },
    checkOrigin: guard.checkOrigin,
    corsHeaders: guard.corsHeaders,
  };
}
