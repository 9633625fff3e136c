import { no, yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

/** The node may refuse tasks without inputs. */
export const stateless = ({ selection }: BidContext): BidPolicy => ({
  name: "stateless",
  evaluate: ({ requirements: { sources } }) =>
    selection?.rejectStateless === true && sources.length === 0
      ? no("this node runs no tasks without inputs (selection.rejectStateless)")
      : yes(),
});
