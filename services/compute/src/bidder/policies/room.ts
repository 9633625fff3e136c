import { yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

// 0 to 80, as Bacalhau weighs free capacity: more than a few preferred labels, so that load spreads.
const roomWeight = 80;

/** Never refuses: the ledger decides about free resources. A node with more free resources bids higher. */
export const room = ({ capacity, available }: BidContext): BidPolicy => ({
  name: "room",
  evaluate() {
    const free = available();
    const share = (part: number, whole: number) => (whole > 0 ? part / whole : 1);
    const least = Math.min(share(free.cpuCores, capacity.cpuCores), share(free.memoryBytes, capacity.memoryBytes));
    // Histories show it: 30 rather than 29.999999999999996.
    return yes(Math.round(roomWeight * least * 100) / 100);
  },
});
