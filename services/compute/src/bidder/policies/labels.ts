import { no, preferencesMet, unmetBy, yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

// 10 for each preferred label, as in Bacalhau.
const preferenceWeight = 10;

/** The node's labels meet the constraints; each preferred label that matches adds to the score. */
export const labels = ({ labels: own }: BidContext): BidPolicy => ({
  name: "labels",
  evaluate({ requirements: { constraints } }) {
    const unmet = unmetBy(own, constraints);
    return unmet === undefined ? yes(preferenceWeight * preferencesMet(own, constraints)) : no(unmet);
  },
});
