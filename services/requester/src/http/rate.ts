import type { Clock } from "@shoal/core";
import { apiLimits } from "./limits.ts";

/** How often each client may call: a bucket that holds one second's worth and fills steadily. */
export interface Rate {
  /** Whether this client may call once more now. */
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
    // The oldest acquaintance is forgotten; it starts with a full bucket again.
    const [oldest] = levels.keys();
    if (levels.size >= apiLimits.ratedClients && oldest !== undefined) levels.delete(oldest);
    const level = { left: perSecond, at: now };
    levels.set(client, level);
    return level;
  }
}
