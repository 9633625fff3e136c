import { no, yes } from "@shoal/core";
import { readParams } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/** The node has the engine, the engine is available, and its params are valid. */
export const engine = ({ parts, availability }: BidContext): BidPolicy => ({
  name: "engine",
  evaluate({ requirements: { engine: required } }) {
    const problem = availability.problem("executors", required.type);
    if (problem !== undefined) return no(`${required.type}: ${problem}`);
    if (required.params === undefined) return yes();
    const params = readParams(parts.executors.get(required.type).params, required.params);
    return params.ok ? yes() : no(`${required.type}: ${params.problems.join("; ")}`);
  },
});
