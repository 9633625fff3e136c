import type { Clock } from "@shoal/core";
import { apiLimits } from "./limits.ts";

/** A rate limit for each client: a token bucket that holds one second's worth. */
export interface Rate {
  /** Whether this client may send another request now. */
  take(client: string): boolean;
}

interface TokenBucket {
  left: number;
  at: number;
}

export function createRate(clock: Clock, perSecond: number): Rate {
  const levels = new Map<string, TokenBucket>();
  return {
    take(client) {
      const now = clock.now();
      const level = levels.get(client) ?? remember(client, now);
      level.left = Math.min(perSecond, level.left + ((now - level.at) * perSecond) / 1000);
      level.at = now;
      if (level.left < 1) return false;
      level.left -= 1;
      return true;
    },
  };

  function remember(client: string, now: number): TokenBucket {
    // The oldest client is dropped; it would start with a full bucket.
    const [oldest] = levels.keys();
    if (levels.size >= apiLimits.ratedClients && oldest !== undefined) levels.delete(oldest);
    const level = { left: perSecond, at: now };
    levels.set(client, level);
    return level;
  }
}
