import { no, unmetBy, wishesMet, yes } from "@shoal/core";
import type { BidPolicy, Surroundings } from "./policy.ts";

// 10 for each wish, as the field does.
const wishWeight = 10;

/** The node's labels meet the constraints; each wish that they meet adds to the score. */
export const labels = ({ labels: own }: Surroundings): BidPolicy => ({
  name: "labels",
  judge({ requirements: { constraints } }) {
    const unmet = unmetBy(own, constraints);
    return unmet === undefined ? yes(wishWeight * wishesMet(own, constraints)) : no(unmet);
  },
});
