import { no, yes } from "@shoal/core";
import { readParams } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/** The node has the publisher that the task names, it is available, and it accepts its params. */
export const publisher = ({ parts, availability }: BidContext): BidPolicy => ({
  name: "publisher",
  evaluate({ requirements: { publisher: required } }) {
    if (required.type === "") return yes();
    const problem = availability.problem("publishers", required.type);
    if (problem !== undefined) return no(`${required.type}: ${problem}`);
    if (required.params === undefined) return yes();
    const part = parts.publishers.get(required.type);
    const params = readParams(part.params, required.params);
    const refusal = params.ok ? part.refuses?.(params.value) : params.problems.join("; ");
    return refusal === undefined ? yes() : no(`${required.type}: ${refusal}`);
  },
});
