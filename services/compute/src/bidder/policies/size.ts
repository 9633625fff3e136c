import { no, yes } from "@shoal/core";
import { shortage } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/** One task does not exceed the node's limit for a single task. */
export const size = ({ perTask }: BidContext): BidPolicy => ({
  name: "size",
  evaluate({ requirements: { resources } }) {
    const short = shortage(resources, perTask);
    return short === undefined ? yes() : no(`exceeds this node's limit for one task: ${short}`);
  },
});
