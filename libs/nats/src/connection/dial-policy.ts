import { backoffMs, type Random } from "@shoal/core";

/** When the client library may dial, in milliseconds. */
export const dialLimits = {
  /** Between two dials of one server: short, as every moment without the log is a standstill. */
  waitMs: 100,
  /** Added at random, so that many clients do not come at once. */
  jitterMs: 150,
  /** After refusals of the user: a password that is corrected on the server works again within half a minute. */
  refused: { firstMs: 1_000, maxMs: 30_000 },
  /** A dial that takes longer is given up: a server across the world answers in a fraction of it. */
  timeoutMs: 5_000,
} as const;

/**
 * Decides how often the client library dials. The library alone dials for ever without a pause when servers of a cluster refuse
 * the user: each greeting names the other servers, which the library takes for new ones.
 */
export interface DialPolicy {
  /** The library's `reconnectDelayHandler`. */
  readonly waitMs: () => number;
  /** The library's `reconnectToServer`, called before each dial; what it throws ends the library's loop. */
  readonly beforeDial: () => null;
  /** Credentials are about to be sent. */
  readonly shown: () => void;
  /** How often credentials were sent. */
  readonly timesShown: () => number;
  /** The server refused the user. The answer says how long the next dial waits. */
  readonly refused: () => number;
  /** The last word of a server was a refusal of the user. */
  readonly isRefused: () => boolean;
  /** The connection is up. */
  readonly admitted: () => void;
  /** No further dial. */
  readonly end: () => void;
}

/** A policy that allows `dialsMax` dials until the first connection. */
export function createDialPolicy(dialsMax: number, random: Random): DialPolicy {
  let dials = 0;
  let shown = 0;
  let refusals = 0;
  let isOpen = false;
  let hasEnded = false;
  const refusedMs = () => backoffMs(dialLimits.refused, refusals);
  return {
    waitMs: () => (refusals === 0 ? dialLimits.waitMs : refusedMs()) + random.fraction() * dialLimits.jitterMs,
    beforeDial() {
      dials += 1;
      if (hasEnded) throw new Error("the connection is closed");
      if (!isOpen && dials > dialsMax) throw new Error("each server was tried once");
      return null;
    },
    shown: () => {
      shown += 1;
    },
    timesShown: () => shown,
    refused() {
      refusals += 1;
      return refusedMs();
    },
    isRefused: () => refusals > 0,
    admitted() {
      isOpen = true;
      refusals = 0;
    },
    end: () => {
      hasEnded = true;
    },
  };
}
