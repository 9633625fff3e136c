/** Times of leases, in milliseconds. */
export interface LeaseTimes {
  /** A multiple of 1,000, as the server's unit is one second. */
  readonly ttlMs: number;
  readonly renewMs: number;
}

/**
 * Six seconds: a replicated stream elects most new leaders in 4 to 6 s (measured), and few leases should expire meanwhile; an expired
 * lease is claimed again. With a much longer time the shards of a dead requester would wait. Three renewals fit into it.
 */
export const leaseTimes: LeaseTimes = { ttlMs: 6_000, renewMs: 2_000 };

// The owner stops before another requester can claim: half a second of the six for late timers and a long garbage collection.
const marginPart = 12;

/** Until when a lease is valid that was last confirmed by a message sent at `sentAt`. */
export function validUntil(sentAt: number, { ttlMs }: LeaseTimes): number {
  return sentAt + ttlMs - ttlMs / marginPart;
}
