import { no, yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

/** Every host variable that the task references is allowed and set. */
export const environment = ({ hostVariable }: BidContext): BidPolicy => ({
  name: "environment",
  evaluate({ requirements }) {
    const missing = requirements.hostVariables.find((name) => hostVariable(name) === undefined);
    return missing === undefined
      ? yes()
      : no(`the host variable ${missing} is not set, or is not in this node's env.allow`);
  },
});
