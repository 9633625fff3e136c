import { backoffMs, type Random } from "@shoal/core";

/** Delays of the client library's dials, in milliseconds. */
export const dialLimits = {
  /** Delay between two dials of one server: short, because a process can do nothing without the log. */
  waitMs: 100,
  /** Maximum random addition, so that many clients do not dial at once. */
  jitterMs: 150,
  /** Backoff after the user is refused: a password that is corrected on the server takes effect within half a minute. */
  refused: { firstMs: 1_000, maxMs: 30_000 },
  /** Timeout of one dial: a server on another continent answers in a fraction of it. */
  timeoutMs: 5_000,
} as const;

/**
 * Limits how often the client library dials. When servers of a cluster refuse the user, the library dials without a pause: each
 * INFO names the other servers, which the library takes for new ones.
 */
export interface DialPolicy {
  /** The library's `reconnectDelayHandler`. */
  readonly waitMs: () => number;
  /** The library's `reconnectToServer`, called before each dial. An error that it throws ends the library's loop. */
  readonly beforeDial: () => null;
  /** Called before credentials are sent. */
  readonly shown: () => void;
  /** How often credentials were sent. */
  readonly timesShown: () => number;
  /** Called when the server refuses the user. Returns the delay of the next dial. */
  readonly refused: () => number;
  /** Whether the last reply of a server refused the user. */
  readonly isRefused: () => boolean;
  /** Called when the connection is up. */
  readonly admitted: () => void;
  /** Allows no further dial. */
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
