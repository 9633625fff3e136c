import { no, yes } from "@shoal/core";
import type { BidContext, BidPolicy } from "./policy.ts";

/** Every program of the node's operator accepts the ask. */
export const probe = ({ selection }: BidContext): BidPolicy => {
  const probes = selection?.probes ?? [];
  return {
    name: "probe",
    evaluate: async (ask) => {
      for (const each of probes) {
        const verdict = await each.evaluate(ask);
        if (!verdict.fit) return verdict.mayChange ? { ...no(verdict.why), mayChange: true } : no(verdict.why);
      }
      return yes();
    },
  };
};
