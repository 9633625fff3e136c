import { no, yes } from "@shoal/core";
import { shortage } from "@shoal/proto";
import type { BidPolicy, Surroundings } from "./policy.ts";

/** One task is not larger than this node ever takes. */
export const size = ({ perTask }: Surroundings): BidPolicy => ({
  name: "size",
  judge({ requirements: { resources } }) {
    const short = shortage(resources, perTask);
    return short === undefined ? yes() : no(`${short} for one task at most`);
  },
});
