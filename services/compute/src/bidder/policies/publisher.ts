import { no, yes } from "@shoal/core";
import { readParams } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/** The node has the publisher that the task names, it is available, and its params are valid. */
export const publisher = ({ parts, availability }: BidContext): BidPolicy => ({
  name: "publisher",
  evaluate({ requirements: { publisher: required } }) {
    if (required.type === "") return yes();
    const problem = availability.problem("publishers", required.type);
    if (problem !== undefined) return no(`${required.type}: ${problem}`);
    if (required.params === undefined) return yes();
    const params = readParams(parts.publishers.get(required.type).params, required.params);
    return params.ok ? yes() : no(`${required.type}: ${params.problems.join("; ")}`);
  },
});
