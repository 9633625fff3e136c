import { no, yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

/** A node with the locality `local` runs only tasks with an input that is on this node. */
export const locality = ({ parts, selection }: BidContext): BidPolicy => ({
  name: "locality",
  evaluate({ requirements: { sources } }) {
    if (selection?.locality !== "local") return yes();
    const isHere = ({ type }: { readonly type: string }): boolean =>
      parts.sources.has(type) && parts.sources.get(type).isLocal === true;
    return sources.some(isHere)
      ? yes()
      : no("this node runs only tasks with an input on this node (selection.locality)");
  },
});
