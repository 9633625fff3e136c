import { no, yes } from "@shoal/core";
import { shortage } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/** One task is not larger than this node ever takes. */
export const size = ({ perTask }: BidContext): BidPolicy => ({
  name: "size",
  evaluate({ requirements: { resources } }) {
    const short = shortage(resources, perTask);
    return short === undefined ? yes() : no(`${short} for one task at most`);
  },
});
