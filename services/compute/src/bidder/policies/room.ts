import { yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

// 0 to 80, as the field weighs free capacity: more than a few wishes, so that work spreads.
const roomWeight = 80;

/** Refuses nobody: whether there is room is the ledger's answer. The emptier node bids higher. */
export const room = ({ capacity, available }: BidContext): BidPolicy => ({
  name: "room",
  evaluate() {
    const free = available();
    const share = (part: number, whole: number) => (whole > 0 ? part / whole : 1);
    return yes(
      roomWeight * Math.min(share(free.cpuCores, capacity.cpuCores), share(free.memoryBytes, capacity.memoryBytes)),
    );
  },
});
