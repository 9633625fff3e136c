/** How long leases live, in milliseconds. */
export interface LeaseTimes {
  /** Whole seconds: the server counts in those. */
  readonly ttlMs: number;
  readonly renewMs: number;
}

/**
 * Six seconds: a replicated stream finds most of its new leaders in 4 to 6 s (measured), and a lease shall rather not end
 * for that; what ends is claimed anew. Much longer, and the work of a requester that died would wait. Three renewals fit in.
 */
export const leaseTimes: LeaseTimes = { ttlMs: 6_000, renewMs: 2_000 };

// The owner stops before the server lets another in: half a second of the six for late timers and a long garbage collection.
const marginPart = 12;

/** Until when a lease may be acted on that was last confirmed by a message sent at this time. */
export function validUntil(sentAt: number, { ttlMs }: LeaseTimes): number {
  return sentAt + ttlMs - ttlMs / marginPart;
}
