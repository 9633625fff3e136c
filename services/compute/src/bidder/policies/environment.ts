import { no, yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

/** Every variable that the task wants of the host is allowed and set. */
export const environment = ({ hostVariable }: BidContext): BidPolicy => ({
  name: "environment",
  evaluate({ requirements }) {
    const missing = requirements.hostVariables.find((name) => hostVariable(name) === undefined);
    return missing === undefined
      ? yes()
      : no(`the host's variable ${missing} is not set, or not in this node's env.allow`);
  },
});
